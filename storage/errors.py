"""Errors of stores; each message names the object, what was expected and what to do."""

from collections.abc import Iterable
from difflib import get_close_matches

SHORTEST_PART = 3
"""Characters from which a part of a name counts as that name mistyped."""


class ZpointsError(Exception):
    """Base of every error that a user can cause or repair; shown without a traceback."""


class StoreError(ZpointsError):
    """The store cannot do what it was asked to do."""


class StoreNotFoundError(StoreError):
    """There is no such store, version or group."""


class PlaceError(StoreError):
    """A place that the user names cannot take, or be, what was asked for: it holds other files."""


class ExportError(StoreError):
    """A group cannot be exported in the form that was asked for."""


class VersionError(StoreError, ValueError):
    """A version is spelled in no known way, or the spelling fits several."""


class DamagedRecordError(StoreError):
    """An object next to the versions is not the record that it should be."""


class PathError(ZpointsError):
    """A path cannot be used on this machine."""


class SchemaError(StoreError):
    """A dataset disagrees with the registry of variables, or the store's schema is newer."""


class QueryError(ZpointsError):
    """A query of labels is not of the language, or names an unknown label."""


class IncompleteStageError(StoreError):
    """A stage cannot be published because some of its chunks do not exist."""


class PublishConflictError(StoreError):
    """Another run published a version in the meantime."""


class StoreLockedError(StoreError):
    """Another process has locked this store."""


class ObjectStoreError(StoreError):
    """The server of a bucket does not answer, or refuses; the message names the remedy."""


def nearest(name: str, known: Iterable[str], most: int = 1, *, cutoff: float = 0.7) -> list[str]:
    """The known names most like a mistyped one, the nearest first; case does not matter.

    Parameters
    ----------
    name
        What was written.
    known
        The names that there are.
    most
        Largest number of names returned.
    cutoff
        Similarity from which a name counts as alike, 0 to 1.

    Examples
    --------
    >>> nearest("elipse", ["uniform", "ellipse"]), nearest("MALE", ["Male"]), nearest("x", ["Male"])
    (['ellipse'], ['Male'], [])
    >>> nearest("mixture", ["uniform", "gaussian_mixture"])
    ['gaussian_mixture']
    """
    by_spelling: dict[str, str] = {}
    for spelled in known:
        by_spelling.setdefault(spelled.casefold(), spelled)
    wanted = name.casefold()
    found = get_close_matches(wanted, list(by_spelling), most, cutoff)
    if not found and len(wanted) >= SHORTEST_PART:
        found = [spelled for spelled in by_spelling if wanted in spelled][:most]
    return [by_spelling[spelled] for spelled in found]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence for the end of a message, after a space; empty if no known name is alike.

    Examples
    --------
    >>> did_you_mean("elipse", ["uniform", "ellipse"])
    ' Did you mean ellipse?'
    """
    found = nearest(name, known)
    return f" Did you mean {found[0]}?" if found else ""


def instead(name: str, known: Iterable[str]) -> str:
    """What to write instead of an unknown name, for the end of a message without its full stop.

    Parameters
    ----------
    name
        What was written.
    known
        The names that there are; all are listed, so these should be few.

    Examples
    --------
    >>> instead("elipse", ["uniform", "ellipse"])
    'did you mean ellipse? Choose one of uniform, ellipse'
    >>> instead("grid", ["uniform", "ellipse"])
    'choose one of uniform, ellipse'
    """
    names = list(known)
    listed = f"hoose one of {', '.join(names)}"
    question = did_you_mean(name, names)
    return f"{question[1:2].lower()}{question[2:]} C{listed}" if question else f"c{listed}"


def unknown_name(module: str, name: str, known: Iterable[str]) -> AttributeError:
    """The error of a module that lacks an attribute, as Python words it.

    Parameters
    ----------
    module
        Name of the module as users write it.
    name
        The unknown name.
    known
        Names that it has; the nearest is suggested, which Python does in its own tracebacks only.

    Examples
    --------
    >>> print(unknown_name("zpoints", "opn", ["open", "draw"]))
    module 'zpoints' has no attribute 'opn'. Did you mean: 'open'?
    """
    message = f"module {module!r} has no attribute {name!r}"
    alike = nearest(name, known)
    # With a name but without an object, Python adds no second suggestion.
    return AttributeError(
        f"{message}. Did you mean: {alike[0]!r}?" if alike else message, name=name
    )
