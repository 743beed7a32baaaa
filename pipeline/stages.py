"""The stage table: in order, what each stage reads and writes and what decides its result."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from zpoints.pipeline.analyze.stage import analyze_latents, selection_group
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.encode.stage import encode
from zpoints.pipeline.evaluate.config import REFERENCES
from zpoints.pipeline.evaluate.measures.inception import inception_digest
from zpoints.pipeline.evaluate.stage import evaluate, quality_of
from zpoints.pipeline.ingest.plan import Plan
from zpoints.pipeline.ingest.stage import ingest
from zpoints.pipeline.sample.stage import group_of, sample
from zpoints.pipeline.settings import Settings
from zpoints.pipeline.stage_run import StageRun
from zpoints.pipeline.structure.stage import find_structure
from zpoints.pipeline.sweep.stage import SWEEP, sweep
from zpoints.pipeline.train.config import UNDECISIVE
from zpoints.pipeline.train.stage import train_model

WHERE_IT_RUNS = {"device"}  # settings that decide where a stage runs, not what it computes


@dataclass(frozen=True, kw_only=True)
class Step:
    """One group of the store and the stage that makes it; published as a whole.

    Attributes
    ----------
    stage
        One of ``zpoints.pipeline.order.STAGES``.
    reads
        Groups whose fingerprints enter this one's.
    writes
        The group that is written.
    settings
        The section of the configuration that the stage is given.
    fingerprinted
        JSON values that decide the result, seeds included.
    run
        Does the work; returns the number of rows written.
    grows
        Whether the result becomes that of more photographs by adding to it.
    outlives_growth
        Whether the result stays valid when what it was made from has grown.
    """

    stage: str
    reads: tuple[str, ...]
    writes: str
    settings: Settings
    fingerprinted: Mapping[str, Any]
    run: Callable[[StageRun[Any]], int]
    grows: bool = False
    outlives_growth: bool = False


def steps(config: RunConfig, plan: Plan) -> tuple[Step, ...]:
    """The steps that make the groups of the store, in the order in which they run.

    The report is no group; it follows from all of them (``zpoints.pipeline.report.stage``).
    """
    photographs = config.ingest.model_dump(mode="json", exclude={"source"})
    return (
        Step(
            stage="ingest",
            reads=(),
            writes="images",
            settings=config.ingest,
            fingerprinted={**photographs, "digest": plan.digest, "parent": plan.parent},
            run=partial(ingest, plan=plan, strict=config.source.strict),
            grows=True,
        ),
        Step(
            stage="train",
            reads=("images",),
            writes="model",
            settings=config.train,
            fingerprinted=config.train.model_dump(mode="json", exclude=UNDECISIVE),
            run=train_model,
            outlives_growth=config.train.on_growth == "keep",
        ),
        Step(
            stage="encode",
            reads=("images", "model"),
            writes="latents",
            settings=config.encode,
            fingerprinted=config.encode.model_dump(mode="json", exclude=WHERE_IT_RUNS),
            run=encode,
            grows=True,
        ),
        Step(
            stage="analyze",
            reads=("latents",),
            writes="statistics",
            settings=config.analyze,
            fingerprinted=config.analyze.model_dump(mode="json", exclude={"selections"}),
            run=analyze_latents,
            grows=True,
        ),
        *(_selection_step(config, name) for name in config.analyze.selections),
        Step(
            stage="structure",
            reads=("latents", "statistics"),
            writes="structure",
            settings=config.structure,
            fingerprinted=config.structure.model_dump(mode="json"),
            run=find_structure,
        ),
        *(_sample_step(config, name) for name in config.sample.generators),
        *(_evaluate_step(config, name) for name in (*REFERENCES, *config.sample.generators)),
        *([_sweep_step(config)] if config.sweep.enabled else ()),
    )


def _selection_step(config: RunConfig, name: str) -> Step:
    settings = config.analyze.model_dump(mode="json", exclude={"selections"})
    return Step(
        stage="analyze",
        reads=("latents",),
        writes=selection_group(name),
        settings=config.analyze,
        fingerprinted={**settings, "query": config.analyze.selections[name]},
        run=partial(analyze_latents, selection=name),
        grows=True,
    )


def _sample_step(config: RunConfig, name: str) -> Step:
    settings = config.sample.model_dump(mode="json", exclude={*WHERE_IT_RUNS, "generators"})
    parameters = config.sample.generators[name]
    return Step(
        stage="sample",
        reads=(*parameters.reads, "model"),
        writes=group_of(name),
        settings=config.sample,
        fingerprinted={**settings, "parameters": parameters.model_dump(mode="json")},
        run=partial(sample, name=name),
    )


def _evaluate_step(config: RunConfig, name: str) -> Step:
    settings = config.evaluate.model_dump(mode="json", exclude={*WHERE_IT_RUNS, "inception"})
    samples = () if name in REFERENCES else (group_of(name),)
    return Step(
        stage="evaluate",
        reads=("images", "model", "latents", "statistics", *samples),
        writes=quality_of(name),
        settings=config.evaluate,
        fingerprinted={
            **settings,
            "judged": name,
            "inception": inception_digest(config.evaluate.inception),
        },
        run=partial(evaluate, name=name),
    )


def _sweep_step(config: RunConfig) -> Step:
    excluded = {*WHERE_IT_RUNS, "enabled"}
    return Step(
        stage="sweep",
        reads=("images", "model", "latents", "statistics"),
        writes=SWEEP,
        settings=config.sweep,
        fingerprinted=config.sweep.model_dump(mode="json", exclude=excluded),
        run=sweep,
    )
