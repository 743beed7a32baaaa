"""The stage table: what each stage reads and writes and what decides its result, in order."""

from dataclasses import replace
from functools import partial

from zpoints.pipeline.analyze.stage import (
    analyze_latents,
    check_query,
    collapse_lines,
    selection_group,
)
from zpoints.pipeline.config.origin import OriginPlan
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.encode.stage import encode, latents_fit_model
from zpoints.pipeline.evaluate.config import REFERENCES
from zpoints.pipeline.evaluate.detector import check_detector, detector_digest
from zpoints.pipeline.evaluate.measure_table import OWN_MEASURES, measure_packages
from zpoints.pipeline.evaluate.measures.inception import inception_digest
from zpoints.pipeline.evaluate.stage import evaluate, quality_of
from zpoints.pipeline.fingerprint import settings_for_fingerprint
from zpoints.pipeline.import_vectors.plan import VectorsPlan, describe_vector_changes
from zpoints.pipeline.import_vectors.stage import copy_vectors
from zpoints.pipeline.ingest.plan import IngestPlan, describe_changes
from zpoints.pipeline.ingest.quarantine import stored_quarantine_lines
from zpoints.pipeline.ingest.stage import ingest
from zpoints.pipeline.needs import Needs
from zpoints.pipeline.network.architecture import Architecture
from zpoints.pipeline.network.stored import OwnArchitecture, stored_architecture
from zpoints.pipeline.sample.registry import package_of
from zpoints.pipeline.sample.stage import group_of, left_out_lines, sample
from zpoints.pipeline.stage_order import STAGES
from zpoints.pipeline.step import Step
from zpoints.pipeline.structure.stage import find_structure
from zpoints.pipeline.sweep.stage import SWEEP, fixed_parameters, sweep, why_left_out
from zpoints.pipeline.train.elsewhere import check_elsewhere, part_digests, store_network
from zpoints.pipeline.train.logs.table import check_logs
from zpoints.pipeline.train.stage import train_model
from zpoints.pipeline.train.state import architecture, check_network
from zpoints.storage import Store


def steps(config: RunConfig, origin: OriginPlan) -> tuple[Step, ...]:
    """The steps that make the groups of the store, in the order of ``STAGES``.

    The report is not a group; it follows from all of them (``zpoints.pipeline.report.stage``).
    """
    needs = Needs(config=config, images=len(origin.names), attributes=origin.label_count)
    first: tuple[Step, ...]
    if isinstance(origin, VectorsPlan):
        photographs = origin.photographs
        ingested = () if photographs is None else (_ingest_step(config, photographs, needs),)
        first = (*ingested, _import_step(origin, config, needs))
    else:
        first = (
            _ingest_step(config, origin, needs),
            _model_step(config, needs),
            _encode_step(config, origin, needs),
        )
    labelled = first[0].writes
    made = (
        *first,
        Step(
            stage="analyze",
            reads=("latents",),
            writes="statistics",
            settings=config.analyze,
            run=analyze_latents,
            memory=needs.analyze,
            grows=True,
            notes=collapse_lines,
        ),
        *(_selection_step(config, name, needs, labelled) for name in config.analyze.selections),
        Step(
            stage="structure",
            reads=("latents", "statistics"),
            writes="structure",
            settings=config.structure,
            run=find_structure,
            memory=needs.structure,
            driver_memory=needs.structure_labels,
        ),
        *(_sample_step(config, name, needs) for name in config.sample.generators),
        *(_evaluate_step(config, name, needs) for name in _judged(config)),
        *([_sweep_step(config, needs)] if config.sweep.enabled else ()),
    )
    return tuple(sorted(made, key=lambda step: STAGES.index(step.stage)))


def check_networks(config: RunConfig) -> None:
    """Try the user's own network on one batch of random images, if the configuration names one.

    Raises
    ------
    NetworkError
        If it cannot be imported or read, or does not fit the settings.
    """
    if config.elsewhere is not None:
        check_elsewhere(config.elsewhere)
    elif isinstance(network := _to_train(config), OwnArchitecture):
        check_network(network, config.train)


def _check_training(config: RunConfig) -> None:
    if config.elsewhere is None:
        check_logs(config.train)
    check_networks(config)


def _to_train(config: RunConfig) -> Architecture | OwnArchitecture:
    side, channels = config.ingest.side, config.ingest.channels
    return architecture((0, side, side, channels), config.train)


def _model_step(config: RunConfig, needs: Needs) -> Step:
    """The training, or the storing of a network that was trained elsewhere."""
    step = partial(
        Step,
        stage="train",
        writes="model",
        memory=needs.train,
        probe=partial(_check_training, config),
    )
    if (elsewhere := config.elsewhere) is not None:
        return step(
            reads=(),
            settings=elsewhere,
            run=store_network,
            extra={"parts": part_digests(elsewhere)},
            digests=frozenset({"parts"}),
            changes=_changed_parts,
        )
    trained = step(
        reads=("images",),
        settings=config.train,
        run=train_model,
        outlives_growth=config.train.on_growth == "keep",
        reads_lineages=True,
        changes=_changed_network,
    )
    if not isinstance(network := _to_train(config), OwnArchitecture):
        return trained
    return replace(
        trained,
        extra={
            "network": network.network,
            "network_options": network.options,
            "source": network.source,
        },
        digests=frozenset({"source"}),
        changes=partial(_changed_source, network.network),
    )


def _changed_source(network: str, store: Store) -> str:
    return f"the source file of {network} has changed"


def _changed_network(store: Store) -> str:
    built_in = isinstance(stored_architecture(store.model), Architecture)
    return "" if built_in else "train.network: null"


def _changed_parts(store: Store) -> str:
    return "encode.network or decode.network has changed"


def _encoded(config: RunConfig, photographs: IngestPlan) -> int:
    """Number of vectors that an encoding has to write; it keeps those of a model that stays."""
    stays = config.elsewhere is not None or config.train.on_growth == "keep"
    grows = photographs.grows and stays
    return photographs.new if grows else len(photographs.rows)


def _ingest_step(config: RunConfig, photographs: IngestPlan, needs: Needs) -> Step:
    return Step(
        stage="ingest",
        reads=(),
        writes="images",
        settings=config.ingest,
        extra={"digest": photographs.digest, "parent": photographs.parent},
        digests=frozenset({"digest", "parent"}),
        run=partial(ingest, plan=photographs, strict=config.source.strict),
        grows=True,
        continues=photographs.grows,
        changes=partial(describe_changes, photographs),
        notes=stored_quarantine_lines,
        memory=needs.ingest,
        driver_memory=partial(needs.tasks, stage="ingest", rows=needs.images),
        disk=needs.disk("ingest", photographs.new),
    )


def _encode_step(config: RunConfig, photographs: IngestPlan, needs: Needs) -> Step:
    return Step(
        stage="encode",
        reads=("images", "model"),
        writes="latents",
        settings=config.encode,
        run=encode,
        memory=needs.encode,
        driver_memory=partial(needs.tasks, stage="encode", rows=needs.images),
        disk=needs.disk("encode", _encoded(config, photographs)),
        grows=True,
        fits=latents_fit_model,
    )


def _import_step(vectors: VectorsPlan, config: RunConfig, needs: Needs) -> Step:
    """Takes the place of train and encode, and of ingest where there are no photographs."""
    assert config.imported is not None
    return Step(
        stage="import",
        reads=(),
        writes="latents",
        settings=config.imported,
        extra={"digest": vectors.digest},
        digests=frozenset({"digest"}),
        run=partial(copy_vectors, plan=vectors),
        grows=True,
        continues=vectors.grows,
        changes=partial(describe_vector_changes, vectors),
        memory=needs.import_vectors,
        driver_memory=partial(needs.tasks, stage="import", rows=needs.images),
        disk=needs.disk("import", vectors.new),
    )


def _selection_step(config: RunConfig, name: str, needs: Needs, labelled: str) -> Step:
    query = config.analyze.selections[name]
    return Step(
        stage="analyze",
        reads=("latents",),
        writes=selection_group(name),
        settings=config.analyze,
        extra={"query": query},
        run=partial(analyze_latents, selection=name),
        grows=True,
        memory=needs.analyze,
        check=partial(check_query, name=name, query=query, group=labelled),
    )


def _sample_step(config: RunConfig, name: str, needs: Needs) -> Step:
    parameters = config.sample.generators[name]
    count = parameters.size or config.sample.count
    return Step(
        stage="sample",
        reads=parameters.reads if config.imported else (*parameters.reads, "model"),
        writes=group_of(name),
        settings=config.sample,
        extra={
            "parameters": settings_for_fingerprint(parameters),
            **({"package": package} if (package := package_of(parameters)) else {}),
        },
        sections={"parameters": f"sample.generators.{name}"},
        run=partial(sample, name=name),
        notes=partial(left_out_lines, name=name),
        memory=partial(needs.sample, name=name, count=count),
        driver_memory=partial(needs.tasks, stage="sample", rows=count),
        disk=needs.disk("sample", count),
    )


def _judged(config: RunConfig) -> tuple[str, ...]:
    """Rows of the evaluation; nothing is reconstructed without a network."""
    references = ("real",) if config.imported is not None else REFERENCES
    return (*references, *config.sample.generators)


def _evaluate_step(config: RunConfig, name: str, needs: Needs) -> Step:
    samples = () if name in REFERENCES else (group_of(name),)
    step = partial(
        Step,
        stage="evaluate",
        writes=quality_of(name),
        settings=config.evaluate,
        run=partial(evaluate, name=name),
        memory=needs.evaluate,
    )
    extra = {"judged": name, "measures": measure_packages(), "own": OWN_MEASURES}
    if config.imported is not None:
        return step(reads=("latents", "statistics", *samples), extra=extra)
    return step(
        reads=("images", "model", "latents", "statistics", *samples),
        extra={
            **extra,
            "inception": inception_digest(config.evaluate.inception),
            "function": detector_digest(config.evaluate.detector),
        },
        digests=frozenset({"function"}),
        probe=partial(
            check_detector, config.evaluate.detector, config.ingest.side, config.ingest.channels
        ),
    )


def _sweep_step(config: RunConfig, needs: Needs) -> Step:
    laws = config.sweep.known_laws
    fitted = dict.fromkeys(group for law in laws for group in law.reads)
    coded = () if config.imported is not None else ("images", "model")
    packages = sorted({package for law in laws if (package := package_of(law))})
    return Step(
        stage="sweep",
        reads=tuple(dict.fromkeys((*coded, "latents", "statistics", *fitted))),
        writes=SWEEP,
        settings=config.sweep,
        extra={
            "parameters": fixed_parameters(config.sweep),
            "own": OWN_MEASURES,
            **({"packages": packages} if packages else {}),
        },
        sections={"parameters": "sweep.parameters"},
        run=sweep,
        notes=why_left_out,
        memory=needs.sweep,
        disk=needs.disk("sweep", config.sweep.size * config.sweep.images),
    )
