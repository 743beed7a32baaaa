"""A run: compares the configuration with the store and computes what is missing."""

import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial

from zpoints.cluster.compute.executor import ClusterExecutor
from zpoints.cluster.compute.existing_scheduler import check_connection_settings
from zpoints.cluster.compute.local import expected_worker
from zpoints.cluster.compute.worker_capacity import this_machine
from zpoints.cluster.compute.workers import Workers
from zpoints.cluster.estimate import estimate_lines
from zpoints.pipeline.config.origin import (
    Origin,
    OriginPlan,
    choose_settings,
    open_origin,
    plan_origin,
)
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.memory import memory_errors, require_disk, require_memory
from zpoints.pipeline.needs import report_memory
from zpoints.pipeline.network.device import choose_device
from zpoints.pipeline.plan import Planned, PlannedStep, check_labels, plan_report, plan_steps
from zpoints.pipeline.progress import Console, WithoutRepeats, counted
from zpoints.pipeline.report.destination import (
    Destination,
    page_of,
    refuse_other_files,
    report_destination,
)
from zpoints.pipeline.report.stage import write
from zpoints.pipeline.stage_order import IN_DRIVER, STAGES, WITH_LABELS
from zpoints.pipeline.stage_run import StageRun, Worker
from zpoints.pipeline.stage_table import steps
from zpoints.storage import Repository, Store, StoreNotFoundError, open_repository, open_store
from zpoints.storage.work_branch import Gate


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run did about one result; ``seconds`` is None if it was up to date."""

    stage: str
    target: str
    rows: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """The outcomes of all steps, the store afterwards, and the report's page if there is one."""

    outcomes: tuple[Outcome, ...]
    store: Store
    page: Destination | None


def run(
    config: RunConfig,
    root: str,
    *,
    console: Console,
    title: str,
    until: str = STAGES[-1],
    gate: Gate = nullcontext,
) -> RunResult:
    """Run the stages up to ``until`` whose results are missing from the store or out of date.

    Parameters
    ----------
    config
        What to compute.
    root
        A local path or ``s3://bucket/prefix``; a store is created if there is none.
    console
        Reports progress.
    title
        Heading of the report.
    until
        Last stage to run.
    gate
        Factory for the context manager around publishing a stage; the gate of a job raises if the
        job may no longer publish.

    Returns
    -------
    RunResult
        What the run did.

    Raises
    ------
    ConfigError, SecurityError
        If the source, the scheduler or its certificates are not valid, or the report's folder holds
        other files; no store is created then.
    StoreLockedError
        If another run uses the store.
    ClusterError
        If no cluster can be reached, or its workers are lost.
    CapacityError
        If the settings need more memory or disk than there is, or a stage runs out of memory.
    ZpointsError
        If a stage fails; what earlier stages published stays.
    """
    check_connection_settings(config.cluster)
    destination = _report_destination(config, root, until)
    origin, config = open_origin(config, console, root=root)
    repository = open_repository(root, executor=ClusterExecutor())
    config = choose_settings(config, origin, repository.store(), console)
    lock = repository.held(f"zpoints run {title}")
    with lock, Workers(config, repository, console) as workers:
        store = repository.store()
        _, planned = _planned(config, origin, store, until=until, keep=repository.keep)
        _check(config, planned, store)
        if destination is not None and any(item.reason for item in planned):
            _require_report_memory(config)
        execute = partial(
            _execute,
            repository=repository,
            console=WithoutRepeats(console),
            gate=gate,
            code=config.named_code,
        )
        outcomes = []
        for item in planned:
            if item.reason:
                outcomes.append(workers.compute(item.stage, partial(execute, item)))
            else:
                outcomes.append(_skip(item, store, console))
            if item.stage in WITH_LABELS and item.reason:
                check_labels(planned, repository.store())
        store = repository.store()
        if destination is None:
            return RunResult(outcomes=tuple(outcomes), store=store, page=None)
        outcomes.append(_report(config, store, destination, planned, console, title=title))
    return RunResult(outcomes=tuple(outcomes), store=store, page=page_of(destination))


def dry_run(
    config: RunConfig, root: str, *, console: Console, title: str, until: str = STAGES[-1]
) -> list[Planned]:
    """What ``run`` would do. Changes nothing, and creates no store.

    Parameters
    ----------
    config
        What to compute.
    root
        A local path or ``s3://bucket/prefix``.
    console
        Reports what the source holds.
    title
        Heading of the report.
    until
        Last stage.

    Returns
    -------
    list of Planned
        The results in order, each with the reason why it would be made.

    Raises
    ------
    ConfigError
        If the report's folder holds other files.
    CapacityError
        If the settings need more memory or disk than there is.
    ZpointsError
        If the source cannot be read, or stored photographs were removed or changed and
        ``source.on_change`` is ``error``.
    """
    destination = _report_destination(config, root, until)
    origin, config = open_origin(config, console, root=root)
    store = None
    with suppress(StoreNotFoundError):
        store = open_store(root)
    config = choose_settings(config, origin, store, console)
    plan, planned = _planned(config, origin, store, until=until)
    _probe(planned)
    for line in estimate_lines(config, plan, planned, report=destination is not None):
        console.line(line)
    _check_stored_labels(planned, store)
    _require_capacity(config, planned, root)
    if destination is None:
        return list(planned)
    return [*planned, plan_report(config.report, store, destination, planned, title=title)]


def _planned(
    config: RunConfig,
    origin: Origin,
    store: Store | None,
    *,
    until: str,
    keep: Callable[[str, bytes], None] | None = None,
) -> tuple[OriginPlan, list[PlannedStep]]:
    """The rows to store, and the steps up to a stage."""
    plan = plan_origin(origin, config, store, keep=keep)
    return plan, plan_steps(steps(config, plan), store, until=until)


def _report_destination(config: RunConfig, root: str, until: str) -> Destination | None:
    """Where the report goes, None if the run ends before; refuses one that holds other files."""
    if until != "report":
        return None
    destination = report_destination(config.report.folder, root)
    refuse_other_files(destination)
    return destination


def _check(config: RunConfig, planned: list[PlannedStep], store: Store) -> None:
    """Refuse at once what a stage would refuse after hours.

    That is a missing GPU or label, a network that does not fit, too little memory for the settings,
    or too small a disk.
    """
    local = config.cluster.kind == "local"
    here = [item for item in planned if item.reason and (local or item.stage in IN_DRIVER)]
    if any(item.step.requires_cuda for item in here):
        choose_device("cuda")
    _probe(planned)
    _check_stored_labels(planned, store)
    _require_capacity(config, planned, store.root)


def _require_capacity(config: RunConfig, planned: list[PlannedStep], root: str) -> None:
    """Refuse settings that need more memory or disk than there is."""
    local = config.cluster.kind == "local"
    made = [item for item in planned if item.reason]
    require_disk({item.target: item.step.disk for item in made}, root, remaining=False)
    driver, worker = this_machine(), expected_worker(config.cluster)
    for item in made:
        item.step.require_driver_memory(driver)
        if local or item.stage in IN_DRIVER:
            item.step.require_memory(driver if item.stage in IN_DRIVER else worker)


def _probe(planned: list[PlannedStep]) -> None:
    """Try the user's own network on one batch, if there is one and its group is to be made."""
    for item in planned:
        if item.reason:
            item.step.probe()


def _require_report_memory(config: RunConfig) -> None:
    driver = this_machine()
    require_memory(report_memory(config, driver), driver)


def _check_stored_labels(planned: list[PlannedStep], store: Store | None) -> None:
    """Check the labels of the stored images, unless an ingest will replace them."""
    if store is not None and not any(i.reason for i in planned if i.stage in WITH_LABELS):
        check_labels(planned, store)


def _skip(item: PlannedStep, store: Store, console: Console) -> Outcome:
    for line in item.step.notes(store):
        console.line(line)
    return Outcome(stage=item.stage, target=item.target)


def _execute(
    item: PlannedStep,
    worker: Worker,
    *,
    repository: Repository,
    console: Console,
    gate: Gate,
    code: tuple[str, ...],
) -> Outcome:
    """Compute one group on its branch and publish it."""
    started, step = time.perf_counter(), item.step
    work = repository.begin(
        stage=step.stage,
        fingerprint=item.identity,
        groups=(step.writes,),
        inputs=item.inputs,
        lineage=item.lineage,
    )
    store = repository.store()
    step.require_memory(worker)
    require_disk({step.writes: step.disk}, store.root, remaining=not work.resumed)
    with memory_errors(step.stage):
        rows = step.run(
            StageRun(
                settings=step.settings,
                store=store,
                work=work,
                console=console,
                worker=worker,
                code=code,
            )
        )
    settings = step.fingerprinted
    work.publish(
        message=f"{step.stage}: {step.writes}",
        rows=rows,
        metadata={"group": step.writes, "settings": settings, "seed": settings.get("seed")},
        gate=gate,
    )
    seconds = time.perf_counter() - started
    console.line(f"{step.writes}: {counted(rows, 'row')} in {seconds:.1f} s.")
    return Outcome(stage=step.stage, target=step.writes, rows=rows, seconds=seconds)


def _report(
    config: RunConfig,
    store: Store,
    destination: Destination,
    planned: list[PlannedStep],
    console: Console,
    *,
    title: str,
) -> Outcome:
    """Write the report unless the existing one shows this store with these settings."""
    computed = [replace(item, reason="") for item in planned]
    report = plan_report(config.report, store, destination, computed, title=title)
    if not report.reason:
        return Outcome(stage="report", target=report.target)
    started = time.perf_counter()
    _require_report_memory(config)
    with memory_errors("report"):
        write(
            config.report,
            store,
            destination,
            title=title,
            fingerprint=report.identity,
            code=config.named_code,
            console=console,
        )
    seconds = time.perf_counter() - started
    return Outcome(stage="report", target=report.target, seconds=seconds)
