"""A run: compares the configuration with the store and computes what is missing."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from itertools import count

from zpoints.cluster.compute.executor import ClusterExecutor
from zpoints.cluster.compute.existing_scheduler import check_connection_settings
from zpoints.cluster.compute.workers import Workers
from zpoints.cluster.run_ids import new_id
from zpoints.cluster.run_plan import (
    check,
    destination_of,
    planned_steps,
    probe,
    require_report_memory,
    with_report,
)
from zpoints.pipeline.config.origin import choose_settings, open_origin
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.memory import memory_errors, require_disk
from zpoints.pipeline.plan import PlannedStep, check_labels, plan_line, plan_report
from zpoints.pipeline.progress import Console, WithoutRepeats, counted, spent
from zpoints.pipeline.report.destination import Destination, page_of
from zpoints.pipeline.report.stage import write
from zpoints.pipeline.stage_order import STAGES, WITH_LABELS
from zpoints.pipeline.stage_run import StageRun, Worker
from zpoints.storage import Repository, Store, open_repository
from zpoints.storage.work_branch import Gate

ROWS = {
    "ingest": "image",
    "train": "training image",
    "sample": "sample",
    "evaluate": "sample",
    "sweep": "point",
}
"""What the rows of a stage's results are; vectors, in others."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run did about one result; ``seconds`` is None if it was up to date."""

    stage: str
    target: str
    rows: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """What a run did.

    Attributes
    ----------
    outcomes
        The outcomes of all steps.
    store
        The store afterwards.
    page
        The report's page; None if the run ended before the report.
    seconds
        How long it took.
    """

    outcomes: tuple[Outcome, ...]
    store: Store
    page: Destination | None
    seconds: float


def run(
    config: RunConfig,
    root: str,
    *,
    console: Console,
    title: str,
    until: str = STAGES[-1],
    gate: Gate = nullcontext,
    id_: str | None = None,
) -> RunResult:
    """Run the stages up to ``until`` whose results are missing from the store or out of date.

    Parameters
    ----------
    config
        What to compute.
    root
        A local path, or a URL of a prefix in a bucket; a store is created if there is none.
    console
        Reports progress.
    title
        Heading of the report.
    until
        Last stage to run.
    gate
        Factory for the context manager around publishing a stage; the gate of a job raises if the
        job may no longer publish.
    id_
        Id of the run in the history of the store, that of its job; a new one by default.

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
    started = time.perf_counter()
    check_connection_settings(config.cluster)
    destination = destination_of(config, root, until)
    origin, config = open_origin(config, console, root=root)
    repository = open_repository(root, executor=ClusterExecutor())
    config = choose_settings(config, origin, repository.store(), console)
    lock = repository.held(f"zpoints run {title}")
    with lock, Workers(config, repository, console) as workers:
        store = repository.store()
        _, planned = planned_steps(config, origin, store, until=until, keep=repository.keep)
        results = with_report(config, store, destination, planned, title=title)
        console.line(plan_line(results))
        probe(planned)
        check(config, planned, store, root, report=destination is not None)
        made = sum(bool(item.reason) for item in results)
        numbers = (f"[{number}/{made}] " if made > 1 else "" for number in count(1))
        execute = partial(
            _execute,
            repository=repository,
            console=WithoutRepeats(console),
            gate=gate,
            code=config.named_code,
            numbers=numbers,
            about={"run": id_ or new_id(), "title": title},
        )
        outcomes = list(_outcomes(planned, execute, workers, repository, console))
        store = repository.store()
        if destination is not None:
            report = _report(config, store, destination, planned, console, title=title)
            outcomes.append(report)
            if report.seconds is not None:
                console.line(f"{next(numbers)}report: written in {spent(report.seconds)}.")
    return RunResult(
        outcomes=tuple(outcomes),
        store=store,
        page=None if destination is None else page_of(destination),
        seconds=time.perf_counter() - started,
    )


def _outcomes(
    planned: list[PlannedStep],
    execute: Callable[[PlannedStep, Worker], Outcome],
    workers: Workers,
    repository: Repository,
    console: Console,
) -> Iterator[Outcome]:
    """Execute the steps that have a reason, in their order, and skip the others."""
    before = repository.store()
    for item in planned:
        if not item.reason:
            yield _skip(item, before, console)
            continue
        yield workers.compute(item.stage, partial(execute, item))
        if item.stage in WITH_LABELS:
            check_labels(planned, repository.store())


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
    numbers: Iterator[str],
    about: Mapping[str, str],
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
        metadata={
            "group": step.writes,
            "settings": settings,
            "seed": settings.get("seed"),
            **about,
        },
        gate=gate,
    )
    seconds = time.perf_counter() - started
    size = counted(rows, ROWS.get(step.stage, "vector"))
    console.line(f"{next(numbers)}{step.writes}: {size} in {spent(seconds)}.")
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
    require_report_memory(config)
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
