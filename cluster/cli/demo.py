"""The demonstration: synthetic faces, then a whole run on them."""

from pathlib import Path

from zpoints.cluster.compute.existing import check_connection_settings
from zpoints.cluster.run import RunResult, run
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.progress import Console
from zpoints.pipeline.synthesize import synthesize
from zpoints.storage.backend.location import Location

FACES = 8000
SEED = 0


def run_demo(
    config: RunConfig,
    root: str,
    *,
    faces: str | None = None,
    count: int = FACES,
    console: Console,
) -> RunResult:
    """Draw synthetic faces into a folder and run every stage on them.

    Parameters
    ----------
    config
        The preset ``demo``.
    root
        Where the store lies: a local folder or ``s3://bucket/prefix``.
    faces
        The local folder of the faces; when None, ``root-faces`` beside a local store, and
        ``runs/NAME-faces`` in the working folder for a store in a bucket whose prefix ends in NAME.
    count
        Number of faces.

    Raises
    ------
    StoreError
        If ``root`` is another URL, its bucket cannot be reached, or ``faces`` is a URL.
    SynthesisError
        If the folder of the faces holds something else.
    """
    place = Location.of(root)
    # What is wrong with cluster or bucket is said before the faces are drawn.
    check_connection_settings(config.cluster)
    place.exists()
    folder = faces or str(_beside(place))
    with console.bar("draw", total=count, unit="faces") as advance:
        synthesize(folder, count=count, seed=SEED, on_progress=lambda done: advance(done, ""))
    ingest = config.ingest.model_copy(update={"source": folder})
    settings = config.model_copy(update={"ingest": ingest})
    return run(settings, root, console=console, title="zpoints demo")


def _beside(place: Location) -> Path:
    """The default folder of the faces."""
    name = f"{Path(place.root).name}-faces"
    return Path(place.root).with_name(name) if place.is_local else Path("runs", name)
