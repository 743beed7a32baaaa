"""Finds the store of synthetic faces that examples use, and makes a small one if there is none."""

import os
from pathlib import Path

from filelock import FileLock

from zpoints.cluster.run import run
from zpoints.cluster.terminal import PlainConsole, console_for
from zpoints.pipeline.cache_folders import cache_folder
from zpoints.pipeline.config.run import load_config
from zpoints.pipeline.latent_space.stored import LatentStore
from zpoints.pipeline.synthesize import synthesize
from zpoints.storage import open_store
from zpoints.storage.backend.location import Location

VARIABLE = "ZPOINTS_DEMO"
"""Environment variable that names another store for the examples."""
USUAL = Path("runs", "demo")
"""Where `zpoints demo` and `make demo` put their store."""
FACES = 2000
SETTINGS = (
    "train.epochs=20",
    "train.batch=16",
    "sample.count=256",
    "sample.generators={uniform: {generator: uniform, b: 12}, "
    "multivariate_normal: {generator: multivariate_normal}, ellipse: {generator: ellipse}, "
    "ellipse_narrow: {generator: ellipse, fact: 0.4}, elliptical: {generator: elliptical}, "
    "radial_mixture: {generator: radial_mixture}, "
    "radial_mixture_typical: {generator: radial_mixture, radius: 0.35}}",
)
"""What differs from the preset `demo`: fewer faces and generators, in less time."""
LAST_STAGE = "evaluate"
ANNOUNCEMENT = (
    "There is no demo store yet. Drawing {count:,} synthetic faces and training an autoencoder on "
    "them takes a few minutes on two cores. It is kept in {folder}."
)


def demo_store() -> LatentStore:
    """A store of synthetic faces for trying things out, as the notebooks in `examples/` do.

    It is the first of these that holds a whole run: the store that the environment variable
    ZPOINTS_DEMO names; `runs/demo` in the working folder or in a folder above it, where `make demo`
    puts it; `zpoints/demo` in the user's cache folder. If there is none, a small one is made in the
    cache folder, which takes some minutes; a line reports it. An interrupted call continues when
    it is repeated.

    Raises
    ------
    StoreNotFoundError
        If ZPOINTS_DEMO names no store.
    ZpointsError
        If a new store cannot be made, e.g. for lack of space.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.demo_store()  # doctest: +SKIP
    >>> store.faces(8)  # doctest: +SKIP
    """
    if named := os.environ.get(VARIABLE):
        return LatentStore.open(named)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if _is_whole(folder / USUAL):
            return LatentStore.open(folder / USUAL)
    root = cache_folder() / USUAL.name
    if not _is_whole(root):
        _make(root)
    return LatentStore.open(root)


def _is_whole(root: Path) -> bool:
    """Whether there is a store whose generators have been evaluated."""
    return Location.of(root).exists() and bool(open_store(root).quality_names)


def _make(root: Path) -> None:
    """Draw faces next to the root and run the stages on them; one process does, others wait."""
    root.parent.mkdir(parents=True, exist_ok=True)
    console = console_for(PlainConsole(force_jupyter=False))
    with FileLock(root.with_name(f"{root.name}.lock")):
        if _is_whole(root):
            return
        console.line(ANNOUNCEMENT.format(count=FACES, folder=root))
        faces = root.with_name(f"{root.name}-faces")
        with console.bar("draw", total=FACES, unit="faces") as advance:
            synthesize(faces, count=FACES, seed=0, on_progress=lambda done: advance(done, ""))
        config = load_config("demo", [f"ingest.source={faces}", *SETTINGS])
        run(config, str(root), console=console, title="demo", until=LAST_STAGE)
