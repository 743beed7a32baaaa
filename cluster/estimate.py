"""Estimates time, memory and disk of a run before it starts."""

from collections.abc import Iterator, Sequence

import numpy as np

from zpoints.cluster.compute.local import expected_worker
from zpoints.cluster.compute.worker_capacity import this_machine
from zpoints.pipeline.analyze.speed import seconds_per_vector
from zpoints.pipeline.config.origin import OriginPlan
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.evaluate.config import NONE
from zpoints.pipeline.import_vectors.plan import VectorsPlan
from zpoints.pipeline.ingest.plan import IngestPlan
from zpoints.pipeline.plan import PlannedStep
from zpoints.pipeline.sample.stage import group_of
from zpoints.pipeline.stage_order import IN_DRIVER
from zpoints.pipeline.train.speed import seconds_per_image
from zpoints.storage import ZpointsError
from zpoints.storage.labels.splits import TRAINING_SHARE

FORWARD = 1 / 6
"""Time of encoding or decoding an image over that of a training step: forward passes are about a
third of it, and each of the two is half of one."""
DETECTION = 0.008
"""Seconds for the detection of a face in an image, on one core."""
PASSES = {"import": 1.5, "analyze": 2.5, "structure": 5.0}
"""Time of stages over imported vectors, in first passes of the analysis over all of them."""
FIT = 5.0
"""The same of a generator that is fitted to the vectors themselves."""
JUDGEMENT = 0.005
"""Seconds for the measures of a drawn vector."""
GROUP = 1.0
"""Seconds for a group, however few its rows."""
REPORT = 20.0
"""Seconds for the figures of a report, whose number hardly depends on the photographs."""


def estimate_lines(
    config: RunConfig, plan: OriginPlan, planned: Sequence[PlannedStep], *, report: bool
) -> Iterator[str]:
    """A line each for disk, memory and time of what a run would do; none if it would do nothing.

    Parameters
    ----------
    config
        The whole configuration.
    plan
        The photographs or vectors of the run.
    planned
        The steps of the run.
    report
        Whether a report is to be written.
    """
    made = [item for item in planned if item.reason]
    if not made:
        return
    more = REPORT if report else 0.0
    worker, driver = expected_worker(config.cluster), this_machine()
    needed = [item.step.memory(driver if item.stage in IN_DRIVER else worker) for item in made]
    needed += [item.step.driver_memory(driver) for item in made]
    known = [memory for memory in needed if memory]
    most = max((memory.total for memory in known if not memory.in_driver), default=0)
    here = max((memory.total for memory in known if memory.in_driver), default=0)
    yield (
        f"Estimate: {sum(item.step.disk for item in made) / 2**20:,.0f} MiB of disk, at most "
        f"{most / 2**20:,.0f} MiB of memory for each worker and {here / 2**20:,.0f} MiB for the "
        "driver."
    )
    if isinstance(plan, IngestPlan):
        yield _time(config, plan, made, more)
    else:
        yield _time_of_vectors(config, plan, made, more)


def _time(
    config: RunConfig, photographs: IngestPlan, made: Sequence[PlannedStep], more: float
) -> str:
    """The line about the time, `more` seconds included; a step of the training is measured here."""
    ingest = config.ingest
    try:
        each = seconds_per_image(config.train, side=ingest.side, channels=ingest.channels)
    except ZpointsError as error:
        return f"The time is not estimated: {error}"
    stages = {item.stage for item in made}
    training = 0.0
    if "train" in stages and config.elsewhere is None:
        training = config.train.epochs * _training_images(photographs) * each
    passes = len(photographs.rows) if "encode" in stages else 0
    passes += sum(item.stage == "sample" for item in made) * config.sample.count
    judged = sum(item.stage == "evaluate" for item in made) * config.evaluate.count
    faces = 0.0 if config.evaluate.detector == NONE else judged * DETECTION
    # Judged images are encoded again.
    others = (passes + 2 * judged) * FORWARD * each + faces + more
    return (
        f"Estimate: about {_rounded(training + others)} on this machine, {_rounded(training)} of "
        "it for the training, by a training step that was measured just now; a rough figure."
    )


def _time_of_vectors(
    config: RunConfig, vectors: VectorsPlan, made: Sequence[PlannedStep], more: float
) -> str:
    """The line about the time for imported vectors; a pass over some is measured here."""
    passes = sum(PASSES.get(item.stage, 0) for item in made)
    passes += FIT * sum(_is_fit(config, item) for item in made)
    judged = sum(item.stage == "evaluate" for item in made) * config.evaluate.count
    each = seconds_per_vector(vectors.source.file.width)
    total = passes * vectors.rows * each + judged * JUDGEMENT + len(made) * GROUP + more
    photographs = "" if vectors.photographs is None else ", without reading the photographs"
    return (
        f"Estimate: about {_rounded(total)} on one core of this machine{photographs}, by a pass "
        "over random vectors that was measured just now; a rough figure."
    )


def _is_fit(config: RunConfig, item: PlannedStep) -> bool:
    """Whether a generator is fitted to the vectors; one of a fixed number of points is not."""
    if item.stage != "sample" or "latents" not in item.step.reads:
        return False
    names = (name for name in config.sample.generators if group_of(name) == item.target)
    return config.sample.generators[next(names)].size is None


def _training_images(photographs: IngestPlan) -> int:
    labels = photographs.source.labels
    if "split" not in labels:
        return int(TRAINING_SHARE * len(photographs.rows))
    split = labels["split"].to_numpy()[photographs.rows]
    return int(np.count_nonzero(split == "train") + TRAINING_SHARE * np.count_nonzero(split == ""))


def _rounded(seconds: float) -> str:
    """Seconds to two digits at most, in a fitting unit.

    Examples
    --------
    >>> _rounded(7.3), _rounded(1340), _rounded(9000)
    ('7 s', '22 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.2g} h"
