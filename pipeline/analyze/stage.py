"""The analysis as a stage: latents of the store in, the statistics group out."""

import time

from pipeline.analyze.graph import WAVE, describe, summarize, waves
from pipeline.analyze.journal import pack, unpack
from pipeline.analyze.state import State
from pipeline.stage import StageRun

GROUP = "statistics"
SECONDS_BETWEEN_CHECKPOINTS = 20.0


def analyze_latents(run: StageRun) -> int:
    """Describe all vectors of ``latents``; returns how many there are.

    Vectors that the stored state covers are not read again for it: the state of the new ones is
    merged into it. An interrupted analysis goes on from its last checkpoint.
    """
    z = run.store.latents["z"].data
    covered, known = _known(run)
    new = z[covered:]
    if covered:
        run.console.line(f"The statistics of {covered:,} vectors grow by {len(new):,}.")
    cut = (WAVE, covered, *z.chunks[0])
    first, second = unpack(run.work.load_checkpoint(), cut)
    total, saved = (waves(new) if len(new) else 0) + waves(z), time.monotonic()

    with run.console.bar("analyze", total=len(z), unit="vectors") as advance:

        def on_wave() -> None:
            nonlocal saved
            advance(len(z) * (first.waves + second.waves) // total, "two passes")
            if time.monotonic() - saved >= SECONDS_BETWEEN_CHECKPOINTS:
                run.work.save_checkpoint(pack(cut, first, second))
                saved = time.monotonic()

        first.on_wave = second.on_wave = on_wave
        state = known
        if len(new):
            state = summarize(new, journal=first)
            state = state if known is None else known.merge(state)
        assert state is not None
        statistics = describe(z, state, run.config.analyze, journal=second)
    run.work.create(GROUP, statistics, attrs=statistics.attrs)
    return len(z)


def _known(run: StageRun) -> tuple[int, State | None]:
    """How many leading vectors the stored state covers, and that state."""
    previous, latents = run.previous(GROUP), run.store.latents
    if previous is None:
        return 0, None
    origin = previous.attrs["inputs"]["latents"]
    lengths = {**latents.attrs["grown_from"], latents.attrs["fingerprint"]: latents.sizes["image"]}
    covered = lengths.get(origin, 0)
    return (covered, State.from_dataset(previous)) if covered else (0, None)
