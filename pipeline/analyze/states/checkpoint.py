"""Checkpoints of an interrupted analysis: progress of both passes to bytes and back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from io import BytesIO
from typing import Any, Generic, Protocol, Self, TypeVar, get_type_hints
from zipfile import BadZipFile

import numpy as np

from zpoints.pipeline.analyze.states.projection import Projection
from zpoints.pipeline.analyze.states.state import State


class Mergeable(Protocol):
    """A state that merges with those of disjoint parts of the vectors."""

    def merge(self, *others: Self) -> Self:
        """State of the union of disjoint parts."""


S = TypeVar("S", bound=Mergeable)


@dataclass
class Journal(Generic[S]):
    """Progress of one pass over the vectors: the completed waves of chunks and their state.

    Attributes
    ----------
    waves
        Number of completed waves.
    state
        Their merged state; None before the first wave.
    on_wave
        Called after each wave.
    """

    waves: int = 0
    state: S | None = None
    on_wave: Callable[[], None] = lambda: None

    def add(self, state: S) -> None:
        """Merge the state of the next wave."""
        self.state = state if self.state is None else self.state.merge(state)
        self.waves += 1
        self.on_wave()

    def discard_unless_like(self, empty: S, *, waves: int) -> None:
        """Start again if the state is not one of this pass, as after damage.

        Parameters
        ----------
        empty
            The state of no vectors, whose arrays have the same shapes.
        waves
            Number of waves of the whole pass.
        """
        if self.state is None:
            self.waves = 0
        elif not 0 < self.waves <= waves or _form(self.state) != _form(empty):
            self.waves, self.state = 0, None


def pack(cut: Sequence[int], first: Journal[State], second: Journal[Projection]) -> bytes:
    """Write both passes to an uncompressed NumPy archive.

    Parameters
    ----------
    cut
        How the vectors were divided into waves and chunks; `unpack` compares it.
    first, second
        Progress of the two passes.
    """
    arrays: dict[str, Any] = {"cut": cut}
    for name, journal in (("first", first), ("second", second)):
        arrays[f"{name}.waves"] = journal.waves
        if journal.state is not None:
            arrays |= _flat(journal.state, name)
    buffer = BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def unpack(data: bytes | None, cut: Sequence[int]) -> tuple[Journal[State], Journal[Projection]]:
    """Read the archive that `pack` wrote.

    Both journals are empty if there is no archive, if it is damaged, or if the vectors were divided
    differently.
    """
    try:
        with np.load(BytesIO(data or b"")) as archive:
            arrays = dict(archive)
        if not np.array_equal(arrays["cut"], cut):
            return Journal(), Journal()
        return _journal(State, arrays, "first"), _journal(Projection, arrays, "second")
    # Any damage raises one of these: the archive is protected by CRCs.
    except (BadZipFile, ValueError, TypeError, KeyError, OSError, EOFError, MemoryError):
        return Journal(), Journal()


def _journal(kind: type[S], arrays: Mapping[str, np.ndarray], name: str) -> Journal[S]:
    waves = int(arrays[f"{name}.waves"])
    return Journal(waves, _nested(kind, arrays, name) if waves else None)


def _flat(state: Any, prefix: str) -> dict[str, Any]:
    """Arrays and numbers of nested dataclasses, by dotted names."""
    flat: dict[str, Any] = {}
    for field in fields(state):
        value, name = getattr(state, field.name), f"{prefix}.{field.name}"
        flat |= _flat(value, name) if is_dataclass(value) else {name: value}
    return flat


def _nested(kind: type[Any], arrays: Mapping[str, np.ndarray], prefix: str) -> Any:
    hints, parts = get_type_hints(kind), {}
    for field in fields(kind):
        hint, name = hints[field.name], f"{prefix}.{field.name}"
        if is_dataclass(hint):
            parts[field.name] = _nested(hint, arrays, name)  # type: ignore[arg-type]
        else:
            parts[field.name] = _plain(arrays[name], hint)
    return kind(**parts)


def _form(value: Any) -> Any:
    """Names, types and shapes in a state, without its numbers; text as it is."""
    if is_dataclass(value):
        return {field.name: _form(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, np.ndarray):
        return value.dtype.kind, value.shape
    return type(value) if isinstance(value, int) else value


def _plain(array: np.ndarray, hint: Any) -> Any:
    if hint is int:
        return int(array)
    return tuple(map(str, array)) if hint == tuple[str, ...] else array
