"""Checks of an installation, a store and a cluster, each with what to do."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import requires, version
from pathlib import Path
from typing import Literal

import psutil
from dask.system import CPU_COUNT
from dask.utils import format_bytes
from packaging.requirements import Requirement

from zpoints.cluster.cli.shell.installed import installed_versions
from zpoints.cluster.errors import ClusterError
from zpoints.cluster.jobs.known_roots import known_roots
from zpoints.cluster.jobs.record import Jobs
from zpoints.cluster.terminal import SilentConsole
from zpoints.extras import EXTRAS, RUN, MissingExtraError, installation, missing_from
from zpoints.pipeline.cache_folders import CACHES
from zpoints.pipeline.config.cluster import ClusterConfig
from zpoints.pipeline.parts.installed import offered_parts
from zpoints.pipeline.progress import counted
from zpoints.storage import open_store
from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.backend.location import Location
from zpoints.storage.backend.run_lock import HOLDER, run_lock
from zpoints.storage.errors import (
    ObjectStoreError,
    StoreLockedError,
    StoreNotFoundError,
    ZpointsError,
)
from zpoints.storage.text import one_line

State = Literal["ok", "warn", "fail"]
LITTLE_MEMORY, LITTLE_DISK = 4 * 2**30, 5 * 2**30
"""Free bytes below which the runs of the presets may not fit."""


@dataclass(frozen=True)
class Check:
    """What one check found.

    Attributes
    ----------
    name
        What was checked.
    state
        "ok", "warn" (a run may suffer) or "fail" (a run will fail).
    found
        What there is.
    remedy
        What to do; empty if all is well.
    """

    name: str
    state: State
    found: str
    remedy: str = ""

    def as_json(self) -> dict[str, str]:
        """The same as values of JSON."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """The check on a line, and the remedy on a second."""
        yield one_line(f"{self.state:<5} {self.name:<10} {self.found}")
        if self.remedy:
            yield one_line(f"{'':<5} {'':<10} -> {self.remedy}")


def checks(root: str | None, cluster: ClusterConfig | None) -> Iterator[Check]:
    """Check the installation, and a store and a cluster if they are named.

    Parameters
    ----------
    root
        Root of the store; None checks the stores that this account has submitted jobs to.
    cluster
        Section of the configuration; None connects to none.
    """
    yield from (_versions(), _libraries(), _extras(), _device(), _memory())
    yield from (_temporary(), _caches(), _parts())
    yield from _store(root) if root is not None else [_known_stores()]
    if cluster is not None:
        yield _cluster(cluster)


def _versions() -> Check:
    numbers = installed_versions()
    return Check("zpoints", "ok", f"{version('zpoints')}, Python {numbers.pop('Python')}")


def _libraries() -> Check:
    """Installed libraries against the ranges that zpoints requires."""
    needed = [Requirement(text) for text in requires("zpoints") or ()]
    needed = [one for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
    wrong = [text for one in needed if (text := _unfit(one))]
    if wrong:
        return Check(
            "libraries", "fail", "; ".join(wrong), "pip install --upgrade . in a clone of zpoints"
        )
    numbers = installed_versions()
    named = [name for name in ("torch", "dask", "zarr", "icechunk") if name in numbers]
    shown = ", ".join(f"{name} {numbers[name]}" for name in named)
    return Check("libraries", "ok", f"{shown}; all {len(needed)} as required")


def _extras() -> Check:
    """Which extras are complete; each command that needs another one names it."""
    complete = [extra for extra in EXTRAS if not missing_from(extra)]
    if len(complete) == len(EXTRAS):
        return Check("extras", "ok", f"all of them: {', '.join(EXTRAS)}")
    absent = ", ".join(extra for extra in EXTRAS if extra not in complete)
    found = f"{', '.join(complete) or 'none'}; without {absent}"
    needed = ("analyze", *RUN)
    if set(needed) <= set(complete):
        return Check("extras", "ok", found)
    remedy = f"a run needs {', '.join(needed)}: {installation(*RUN)}"
    return Check("extras", "warn", found, remedy)


def _unfit(needed: Requirement) -> str:
    try:
        found = version(needed.name)
    except ModuleNotFoundError:
        return f"{needed.name} is not installed"
    fits = needed.specifier.contains(found, prereleases=True)
    return "" if fits else f"{needed.name} {found}, expected {needed.specifier}"


def _device() -> Check:
    threads = counted(CPU_COUNT, "thread")
    if "torch" in missing_from("train"):
        return Check("device", "ok", f"{threads}; GPUs are not looked for without torch")
    from zpoints.pipeline.network.device import cuda_device_names  # loads torch

    if names := cuda_device_names():
        return Check("device", "ok", f"{', '.join(names)}; {threads}")
    if shutil.which("nvidia-smi"):
        return Check(
            "device",
            "warn",
            f"{threads}; torch {version('torch')} finds no CUDA device, but nvidia-smi is here",
            "install a CUDA build of torch, e.g. with environment.yml, and check the driver",
        )
    return Check("device", "ok", f"{threads}, no GPU; networks train on the processor")


def _memory() -> Check:
    try:
        from zpoints.cluster.compute.worker_capacity import this_machine

        free = this_machine().memory
    except MissingExtraError:
        free = psutil.virtual_memory().available
    found = f"{format_bytes(free)} free of {format_bytes(psutil.virtual_memory().total)}"
    if free < LITTLE_MEMORY:
        remedy = "end other programs, or lower cluster.workers and ingest.limit"
        return Check("memory", "warn", found, remedy)
    return Check("memory", "ok", found)


def _temporary() -> Check:
    remedy = "set TMPDIR to a folder with more room"
    return _space("temporary", Path(tempfile.gettempdir()), remedy, unwritable="fail")


def _space(name: str, folder: Path, remedy: str, *, unwritable: State) -> Check:
    """Free space of a folder, and whether this account may write to it."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Check(name, "fail", f"{folder} cannot be read ({error.strerror})", remedy)
    if not os.access(folder, os.W_OK | os.X_OK):
        return Check(name, unwritable, f"this account cannot write to {folder}", remedy)
    state: State = "warn" if free < LITTLE_DISK else "ok"
    found = f"{format_bytes(free)} free in {folder}"
    return Check(name, state, found, remedy if state == "warn" else "")


def _caches() -> Check:
    """Folders that Matplotlib and Numba write to; without them every start compiles again."""
    named = {name: os.environ[name] for name in CACHES if os.environ.get(name)}
    folders = [Path(folder) for folder in named.values()] or [_cache_home()]
    lost = [folder for folder in folders if not _can_be_made(folder)]
    if lost:
        remedy = f"set {' and '.join(CACHES)} to folders that you may write to"
        return Check("caches", "warn", f"{lost[0]} cannot be written", remedy)
    return Check("caches", "ok", ", ".join(map(str, folders)))


def _cache_home() -> Path:
    return Path(os.path.expanduser(os.environ.get("XDG_CACHE_HOME") or "~/.cache"))


def _can_be_made(folder: Path) -> bool:
    existing = next((path for path in (folder, *folder.parents) if path.exists()), None)
    return existing is not None and os.access(existing, os.W_OK | os.X_OK)


def _parts() -> Check:
    return Check("parts", "ok", offered_parts() or "none added")


def _known_stores() -> Check:
    """Stores that jobs were submitted to: how many are still there."""
    roots = known_roots()
    gone = [root for root in roots if "://" not in root and not Path(root).is_dir()]
    found = f"{counted(len(roots), 'store')} known from jobs"
    if gone:
        found += f", {len(gone)} of them gone, e.g. {gone[0]}"
    return Check("stores", "ok", f"{found}; zpoints doctor ROOT checks one")


def _store(root: str) -> Iterator[Check]:
    """Whether a store opens, is current, has room, and is free for a run."""
    try:
        store = open_store(root)
        outdated = [name for name in store.groups if not store.is_current(name)]
        found = f"{store.root}, version {store.version}, {counted(len(store.groups), 'group')}"
    except (StoreNotFoundError, ObjectStoreError) as error:
        yield Check("store", "fail", str(error))
        return
    except ZpointsError as error:
        yield Check("store", "fail", str(error), f"zpoints verify {root} names the damage")
        return
    if outdated:
        found += f"; outdated: {', '.join(outdated)}"
        yield Check("store", "warn", found, f"{store.made_by} makes them again")
    else:
        yield Check("store", "ok", found)
    location = Location.of(root)
    if location.is_local:
        remedy = "runs and jobs need room and permission there; reading does not"
        yield _space("disk", Path(location.root), remedy, unwritable="warn")
    yield _tried("run", lambda: _run_state(location))
    yield _tried("jobs", lambda: _job_state(store.root))


def _tried(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except (ZpointsError, OSError) as error:
        return Check(name, "fail", str(error))


def _run_state(location: Location) -> Check:
    """Whether a run holds the store; the lock is tried only where a run has left its name."""
    free = Check("run", "ok", "no run uses the store")
    if Blobs(location.root).get(HOLDER) is None:
        return free
    try:
        with run_lock(location, "zpoints doctor"):
            return free
    except StoreLockedError as error:
        return Check("run", "warn", str(error))


def _job_state(root: str) -> Check:
    states = [job.state for job in Jobs(root).all()]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    if "damaged" in states or "lost" in states:
        return Check("jobs", "warn", counts, f"zpoints jobs {root} names them")
    return Check("jobs", "ok", counts or "none")


def _cluster(config: ClusterConfig) -> Check:
    """Connects to the cluster as a run does, and waits for its first worker."""
    console = _LastLine()
    try:
        from zpoints.cluster.compute.client import dask_client  # loads Dask's cluster

        with dask_client(config, console):
            return Check("cluster", "ok", console.last)
    except ClusterError as error:
        return Check("cluster", "fail", str(error))
    except ZpointsError as error:
        return Check("cluster", "fail", str(error), "zpoints config lists the keys of cluster")


class _LastLine(SilentConsole):
    """Keeps what a run would have shown of its cluster."""

    last = ""

    def line(self, text: str) -> None:
        super().line(text)
        self.last = text
