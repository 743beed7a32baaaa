"""The demonstration: synthetic faces, then a whole run on them."""

from pathlib import Path

from cluster.run import RunResult, run
from pipeline.config import RunConfig, override
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
    """
    folder = Path(f"{root.rstrip('/')}-faces")
    with console.bar("draw", total=FACES, unit="faces") as advance:
        synthesize(folder, count=FACES, seed=SEED, on_progress=lambda done: advance(done, ""))
    settings = override(config, [f"ingest.source={folder}"])
    return run(settings, root, console=console, title="zpoints demo")
