"""Fits to a store. Laws that differ in temperature and radius alone share one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock

import xarray as xr

from zpoints.pipeline.parts.generator import Generator, Sampler
from zpoints.pipeline.sample.laws.law import Law
from zpoints.storage import Store

KEPT = 2
"""Fits that a process keeps; a mixture has up to some 100 MB."""


def fit_to_store(law: Generator, store: Store) -> tuple[Sampler, xr.Dataset]:
    """Fit to the groups that a law reads, as part of a task.

    A fit to the vectors themselves takes seconds or minutes; the process keeps the last ones.

    Parameters
    ----------
    law
        The generator.
    store
        The store, in a version that has the groups.

    Returns
    -------
    Sampler, xr.Dataset
        The fitted sampler, and the statistics that it was fitted to.

    Raises
    ------
    SampleError
        If the statistics do not support the parameters.
    """
    described, *others = law.reads
    statistics = store.group(described).load(scheduler="synchronous")
    if not others:
        return law.fit(statistics), statistics
    if not isinstance(law, Law):
        return law.fit(statistics, store.latents), statistics
    identity = tuple(str(store.fingerprint(group)) for group in law.reads)
    with _lock:
        kept = _kept(store.root, identity, law.unmoderated)
    with kept.lock:  # tasks that need the same fit wait for the first one
        if not kept.sampler:
            kept.sampler.append(law.fit_law(statistics, store.latents))
    return law.moderated(kept.sampler[0], statistics), statistics


@dataclass(frozen=True)
class _Kept:
    """A fit, once a task has made it."""

    lock: Lock = field(default_factory=Lock)
    sampler: list[Sampler] = field(default_factory=list)


_lock = Lock()


@lru_cache(maxsize=KEPT)
def _kept(root: str, identity: Sequence[str], law: Law) -> _Kept:
    return _Kept()
