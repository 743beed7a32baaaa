"""The analysis as a stage: latents of the store in, the statistics group out."""

from pipeline.analyze.graph import analyze
from pipeline.stage import StageRun

GROUP = "statistics"


def analyze_latents(run: StageRun) -> int:
    """Describe all vectors of ``latents``; returns how many there are."""
    z = run.store.latents["z"]
    with run.console.bar("analyze", total=z.sizes["image"], unit="vectors") as advance:
        statistics = analyze(z.data, run.config.analyze)
        advance(z.sizes["image"], "")
    run.work.create(GROUP, statistics, attrs=statistics.attrs)
    return z.sizes["image"]
