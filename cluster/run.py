"""The driver: compare what a run asks for with what the store has, and do the difference."""

import time
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial

import xarray as xr

from zpoints.cluster.compute.executor import ClusterExecutor
from zpoints.cluster.compute.existing import check_connection_settings
from zpoints.cluster.compute.workers import Workers
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.errors import QueryError
from zpoints.pipeline.fingerprint import fingerprint
from zpoints.pipeline.ingest.match import (
    Known,
    Touched,
    match,
    pack_touched,
    quarantine_of,
    unpack_touched,
)
from zpoints.pipeline.ingest.plan import plan_ingest, quarantine_lines
from zpoints.pipeline.ingest.sources.source import Source
from zpoints.pipeline.ingest.stage import configured_source, source_lines
from zpoints.pipeline.labels.labels import Labels
from zpoints.pipeline.order import STAGES
from zpoints.pipeline.plan import PlannedStep, plan_steps
from zpoints.pipeline.progress import Console, counted
from zpoints.pipeline.report.destination import ReportPlace, page_of, report_place
from zpoints.pipeline.report.stage import report_mark, report_settings, write
from zpoints.pipeline.stage_run import StageRun, Worker
from zpoints.storage import Repository, Store, StoreNotFoundError, open_repository, open_store
from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.branch import Gate
from zpoints.storage.schema.registry import label_variables

TOUCHED = "touched.json"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one step of a run; ``seconds`` is None where it was up to date."""

    stage: str
    target: str
    rows: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """The outcomes of all steps, the store afterwards, the report's page if one was asked for."""

    outcomes: tuple[Outcome, ...]
    store: Store
    page: ReportPlace | None


def run(
    config: RunConfig,
    root: str,
    *,
    console: Console,
    title: str,
    until: str = STAGES[-1],
    gate: Gate = nullcontext,
) -> RunResult:
    """Run the stages up to ``until`` whose results the store does not have yet.

    Parameters
    ----------
    config
        What to compute.
    root
        Where the store lies; created when absent.
    title
        Heading of the report.
    until
        Last stage to run.
    gate
        Encloses the step that publishes a stage; a job's says whether it still may.

    Raises
    ------
    ConfigError, SecurityError
        If the scheduler or its certificates are not named as they should be; then there is no
        store, unless there was one.
    StoreLockedError
        If another run is at work on the store.
    ClusterError
        If there is no cluster, or it is lost.
    ZpointsError
        If a stage cannot do its work; what earlier stages published stays.
    """
    check_connection_settings(config.cluster)  # a mistake leaves no store behind
    source = _source(config, console)
    repository = open_repository(root, executor=ClusterExecutor())
    outcomes: list[Outcome] = []
    with (
        repository.held(f"zpoints run {title}"),
        Workers(config, repository, console) as workers,
    ):
        touched, store = unpack_touched(repository.kept(TOUCHED)), repository.store()
        known = _known(source, store, touched)
        if known is not None and known.touched != touched:
            repository.keep(TOUCHED, pack_touched(known.touched))
        planned = _planned(config, source, store, known, until)
        _require_devices(config, planned)
        _require_labels(config, planned, store)
        for todo in planned:
            if not todo.reason:
                if todo.step.stage == "ingest":
                    for line in quarantine_lines(quarantine_of(store.images)):
                        console.line(line)
                outcomes.append(Outcome(stage=todo.step.stage, target=todo.step.writes))
                continue
            work = partial(_execute, todo, repository, console, gate)
            outcomes.append(workers.compute(todo.step.stage, work))
            if todo.step.stage == "ingest":
                _require_labels(config, planned, repository.store(), ingested=True)
        store = repository.store()
        if until != "report":
            return RunResult(outcomes=tuple(outcomes), store=store, page=None)
        place = report_place(config.report.folder, root)
        outcomes.append(_report(config, store, place, planned, title=title))
    return RunResult(outcomes=tuple(outcomes), store=store, page=page_of(place))


def _source(config: RunConfig, console: Console) -> Source:
    source = configured_source(config.ingest, config.source)
    for line in source_lines(source):
        console.line(line)
    return source


def _known(source: Source, store: Store, touched: Touched) -> Known | None:
    return match(source, store.images, touched) if store.fingerprint("images") else None


def _planned(
    config: RunConfig, source: Source, store: Store | None, known: Known | None, until: str
) -> list[PlannedStep]:
    stored = None if store is None or known is None else store.images
    plan = plan_ingest(source, config.ingest, config.source, stored, known)
    return plan_steps(config, plan, store, until=until)


@dataclass(frozen=True, kw_only=True)
class Prospect:
    """What a run would do about one result; ``reason`` is empty where it is up to date."""

    stage: str
    target: str
    reason: str


def dry_run(
    config: RunConfig, root: str, *, console: Console, title: str, until: str = STAGES[-1]
) -> list[Prospect]:
    """What ``run`` would do; changes nothing, and makes no store where there is none.

    Raises
    ------
    ZpointsError
        If the source cannot be read, or holds other photographs than the store and
        ``source.on_change`` is ``error``.
    """
    source = _source(config, console)
    store, known = None, None
    with suppress(StoreNotFoundError):
        store = open_store(root)
        known = _known(source, store, unpack_touched(Blobs(store.root).get(TOUCHED)))
    planned = _planned(config, source, store, known, until)
    _require_labels(config, planned, store)
    prospects = [
        Prospect(stage=todo.step.stage, target=todo.step.writes, reason=todo.reason)
        for todo in planned
    ]
    if until == "report":
        place = report_place(config.report.folder, root)
        reason = "new results"
        if store is not None and not any(todo.reason for todo in planned):
            identity = _report_identity(config, store, planned, title=title)
            same = report_mark(place).get("fingerprint") == identity
            reason = "" if same else "not of this store and these settings"
        prospects.append(Prospect(stage="report", target=str(place), reason=reason))
    return prospects


def _require_devices(config: RunConfig, planned: list[PlannedStep]) -> None:
    """Refuse at once what a stage would refuse after hours: to run on a GPU that is not there.

    Of the stages to come, training runs in this process, others on the cluster's workers.
    """
    here = STAGES if config.cluster.kind == "local" else ("train",)
    stages = {todo.step.stage for todo in planned if todo.reason} & set(here)
    if any(getattr(getattr(config, stage, None), "device", None) == "cuda" for stage in stages):
        # Loaded where it is asked for: torch takes seconds.
        from zpoints.pipeline.network.device import choose_device

        choose_device("cuda")


def _require_labels(
    config: RunConfig, planned: list[PlannedStep], store: Store | None, *, ingested: bool = False
) -> None:
    """Refuse before the training what the analysis would refuse after it: a label that is none.

    Where photographs are to be ingested, their labels are known when that is done (`ingested`).

    Raises
    ------
    QueryError
        If a query of `analyze.selections` cannot be asked of the photographs in the store.
    """
    selections = config.analyze.selections
    to_do = {todo.step.stage for todo in planned if todo.reason}
    known = ingested or "ingest" not in to_do
    if store is None or not (known and selections and "analyze" in to_do):
        return
    labels = Labels(xr.Dataset(coords=label_variables(store.images)))
    for name, query in selections.items():
        try:
            labels.select(query)
        except QueryError as error:
            raise QueryError(f"analyze.selections.{name}: {error}") from None


def _execute(
    todo: PlannedStep,
    repository: Repository,
    console: Console,
    gate: Gate,
    worker: Worker,
) -> Outcome:
    """Do one step's work on its branch and publish it."""
    started, step = time.perf_counter(), todo.step
    work = repository.begin(
        stage=step.stage,
        fingerprint=todo.identity,
        groups=(step.writes,),
        inputs=todo.inputs,
        lineage=todo.lineage,
    )
    store = repository.store()
    run = StageRun(settings=step.settings, store=store, work=work, console=console, worker=worker)
    rows = step.run(run)
    work.publish(
        message=f"{step.stage}: {step.writes}",
        rows=rows,
        metadata={
            "group": step.writes,
            "settings": step.fingerprinted,
            "seed": step.fingerprinted.get("seed"),
        },
        gate=gate,
    )
    seconds = time.perf_counter() - started
    console.line(f"{step.writes}: {counted(rows, 'row')} in {seconds:.1f} s.")
    return Outcome(stage=step.stage, target=step.writes, rows=rows, seconds=seconds)


def _report(
    config: RunConfig, store: Store, place: ReportPlace, planned: list[PlannedStep], *, title: str
) -> Outcome:
    identity = _report_identity(config, store, planned, title=title)
    if report_mark(place).get("fingerprint") == identity:
        return Outcome(stage="report", target=str(place))
    started = time.perf_counter()
    write(config.report, store, place, title=title, fingerprint=identity)
    seconds = time.perf_counter() - started
    return Outcome(stage="report", target=str(place), seconds=seconds)


def _report_identity(
    config: RunConfig, store: Store, planned: list[PlannedStep], *, title: str
) -> str:
    shown = {"samples": list(store.sample_names), "quality": list(store.quality_names)}
    shown["sweep"] = [str(store.fingerprint("sweep"))] if store.is_current("sweep") else []
    # A sweep is shown where the store has one, whether or not this run asks for it.
    identities = {t.step.writes: t.identity for t in planned if t.step.stage != "sweep"}
    settings = {**report_settings(config.report, title=title), **shown}
    return fingerprint("report", settings, [identities[g] for g in sorted(identities)])
