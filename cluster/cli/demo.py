"""Runs the demonstration: draws synthetic faces and runs every stage on them."""

from pathlib import Path

from zpoints.cluster.compute.existing_scheduler import check_connection_settings
from zpoints.cluster.run import RunResult, run
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.progress import Console
from zpoints.pipeline.synthesize import synthesize
from zpoints.storage.backend.location import Location

SEED = 0


def run_demo(
    config: RunConfig,
    root: str,
    *,
    faces: str | None = None,
    count: int,
    console: Console,
) -> RunResult:
    """Draw synthetic faces into a folder and run every stage on them.

    Parameters
    ----------
    config
        Configuration of the run; its ``ingest.source`` is replaced.
    root
        Root of the store: a local folder, or a URL of a prefix in a bucket.
    faces
        Local folder of the faces. By default ``ROOT-faces`` for a local store, and
        ``runs/NAME-faces`` for a bucket whose prefix ends in NAME.
    count
        Number of faces.
    console
        Shows lines and progress.

    Returns
    -------
    RunResult
        The result of the run.

    Raises
    ------
    StoreError
        If ``root`` is another kind of URL, its bucket cannot be reached, or ``faces`` is a URL.
    SynthesisError
        If the folder of the faces holds other files.
    """
    location = Location.of(root)
    # A wrong cluster or bucket should fail before the faces are drawn.
    check_connection_settings(config.cluster)
    location.exists()
    location.refuse_other_files()
    folder = faces or str(_default_folder(location))
    with console.bar("draw", total=count, unit="faces") as advance:
        synthesize(folder, count=count, seed=SEED, on_progress=lambda done: advance(done, ""))
    ingest = config.ingest.model_copy(update={"source": folder})
    settings = config.model_copy(update={"ingest": ingest})
    return run(settings, root, console=console, title="zpoints demo")


def _default_folder(location: Location) -> Path:
    """Default folder of the faces."""
    name = f"{Path(location.root).name}-faces"
    return Path(location.root).with_name(name) if location.is_local else Path("runs", name)
