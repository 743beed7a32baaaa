"""Parts of other installed packages: generators, measures, readers of photographs, figures, logs.

A package offers a part as an entry point; its `pyproject.toml` has, for example,

    [project.entry-points."zpoints.generators"]
    shell = "fancy.shell:Shell"

Its code runs in the driver and in the workers, as that of every installed package does.
"""

import logging
import multiprocessing
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

GENERATORS = "zpoints.generators"
MEASURES = "zpoints.measures"
SOURCES = "zpoints.sources"
FIGURES = "zpoints.figures"
TRAINING_LOGS = "zpoints.training_logs"
KINDS = {
    GENERATORS: "generator",
    MEASURES: "measure",
    SOURCES: "reader of photographs",
    FIGURES: "figure",
    TRAINING_LOGS: "training log",
}
"""What the entry points of each group are."""

logger = logging.getLogger(__name__)

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part that an installed package offers.

    Attributes
    ----------
    name
        Name of the entry point.
    value
        The object that it names.
    package
        Name and version of the package, e.g. "fancy 1.0".
    """

    name: str
    value: Any
    package: str


def offered(group: str) -> tuple[tuple[str, str], ...]:
    """Names of the entry points of a group with their packages; imports none.

    Parameters
    ----------
    group
        One of `KINDS`.
    """
    return tuple((found.name, _package(found)) for found in _entries(group))


def offered_parts() -> str:
    """A sentence about the parts that installed packages offer; empty if there are none."""
    found = [
        f"{KINDS[group]} {name} ({package})" for group in KINDS for name, package in offered(group)
    ]
    return f"Installed packages offer: {', '.join(found)}." if found else ""


def installed_parts(
    group: str, accepted: Callable[[str, Any], Any], *, taken: Collection[str]
) -> tuple[Part, ...]:
    """Import the parts of a group. Those that cannot be used are left out, with a line each.

    Parameters
    ----------
    group
        One of `KINDS`.
    accepted
        Takes the name and the object of an entry point; returns the part, or raises `TypeError`
        with what was expected.
    taken
        Names of zpoints' own parts, which no package can replace.

    Returns
    -------
    tuple of Part
        In the order of their names.
    """
    found: dict[str, Part] = {}
    for entry in _entries(group):
        try:
            if entry.name in taken or entry.name in found:
                owner = found[entry.name].package if entry.name in found else "zpoints"
                raise TypeError(f"the name exists already in {owner}; give it another name")
            if not _NAME.fullmatch(entry.name):
                raise TypeError("expected a name of a-z, 0-9 and _ that starts with a letter")
            value = accepted(entry.name, _imported(entry))
        except TypeError as error:
            _report(group, entry, str(error))
        else:
            found[entry.name] = Part(name=entry.name, value=value, package=_package(entry))
    return tuple(found.values())


def _imported(entry: EntryPoint) -> Any:
    try:
        return entry.load()
    except Exception as error:
        first = (str(error).splitlines() or [""])[0]
        raise TypeError(
            f"{entry.value} cannot be imported ({type(error).__name__}: {first})"
        ) from error


@lru_cache(maxsize=len(KINDS))
def _entries(group: str) -> tuple[EntryPoint, ...]:
    return tuple(sorted(entry_points(group=group), key=lambda entry: (entry.name, _package(entry))))


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value


def _report(group: str, entry: EntryPoint, reason: str) -> None:
    """Log why a part is left out; worker processes leave that to the driver."""
    if multiprocessing.parent_process() is None:
        logger.warning(
            "The package %s offers the %s %r, which is left out: %s. Repair or remove the package.",
            _package(entry),
            KINDS[group],
            entry.name,
            reason.rstrip("."),
        )
