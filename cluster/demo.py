"""The demonstration: synthetic faces, then a whole run on them."""

from pathlib import Path

from cluster.run import RunResult, run
from pipeline.config import ConfigError, RunConfig
from pipeline.console import Console
from pipeline.synthesize import synthesize

FACES = 8000
SEED = 0


def run_demo(config: RunConfig, root: str, *, console: Console) -> RunResult:
    """Draw synthetic faces beside the store at ``root`` and run every stage on them.

    Parameters
    ----------
    config
        The preset ``demo``.
    root
        A local folder; the faces lie in ``root-faces`` beside it.

    Raises
    ------
    ConfigError
        If ``root`` is remote.
    """
    if "://" in root:
        raise ConfigError(f"The demo needs a local --root for its faces, not {root}.")
    place = Path(root).expanduser()
    faces = place.with_name(f"{place.name}-faces")
    with console.bar("draw", total=FACES, unit="faces") as advance:
        synthesize(faces, count=FACES, seed=SEED, on_progress=lambda done: advance(done, ""))
    ingest = config.ingest.model_copy(update={"source": str(faces)})
    settings = config.model_copy(update={"ingest": ingest})
    return run(settings, str(place), console=console, title="zpoints demo")
