"""The driver: compare what a run asks for with what the store has, and do the difference."""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from cluster.local import LOST_WORKERS, ClusterError, local_cluster
from pipeline.config import STAGES, ConfigError, RunConfig
from pipeline.console import Console
from pipeline.fingerprint import fingerprint
from pipeline.ingest.stage import configured_source
from pipeline.report.stage import PAGE, report_mark, report_settings, write
from pipeline.stage import StageRun
from pipeline.stages import Step, steps
from storage import StageTransaction, Store, open_repository


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
    page: Path | None


def run(
    config: RunConfig, root: str, *, console: Console, title: str, until: str = STAGES[-1]
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

    Raises
    ------
    ZpointsError
        If a stage cannot do its work; what earlier stages published stays.
    """
    folder = report_folder(config, root)
    source = configured_source(config.ingest)
    repository = open_repository(root)
    identities: dict[str, str] = {}
    outcomes: list[Outcome] = []
    with ExitStack() as stack:
        computing = False
        for step in _wanted(steps(config, source), until):
            identity = fingerprint(step.stage, step.settings, [identities[g] for g in step.reads])
            identities[step.writes] = identity
            if repository.store().fingerprint(step.writes) == identity:
                outcomes.append(Outcome(stage=step.stage, target=step.writes))
                continue
            if not computing:
                stack.enter_context(local_cluster(config.cluster))
                computing = True
            inputs = {group: identities[group] for group in step.reads}
            work = repository.begin(
                stage=step.stage, fingerprint=identity, groups=(step.writes,), inputs=inputs
            )
            outcomes.append(_execute(step, work, repository.store(), config, console))
    store = repository.store()
    if until != "report":
        return RunResult(outcomes=tuple(outcomes), store=store, page=None)
    outcomes.append(_report(config, store, folder, identities, title=title))
    return RunResult(outcomes=tuple(outcomes), store=store, page=folder / PAGE)


def report_folder(config: RunConfig, root: str) -> Path:
    """Where the report goes: ``report.folder``, or beside the store where that is local.

    Raises
    ------
    ConfigError
        If the store is remote and no folder is configured.
    """
    if config.report.folder is not None:
        return Path(config.report.folder).expanduser()
    if "://" in root:
        raise ConfigError(
            f"The store {root} is remote; name a local folder for the report with "
            "--set report.folder=FOLDER."
        )
    return Path(root).expanduser() / "report"


def _wanted(steps: tuple[Step, ...], until: str) -> list[Step]:
    return [step for step in steps if STAGES.index(step.stage) <= STAGES.index(until)]


def _execute(
    step: Step, work: StageTransaction, store: Store, config: RunConfig, console: Console
) -> Outcome:
    """Do one step's work on its branch and publish it."""
    started = time.perf_counter()
    try:
        rows = step.run(StageRun(config=config, store=store, work=work, console=console))
    except LOST_WORKERS as error:
        raise ClusterError(
            f"{step.stage} lost its workers: {error}. What is committed stays; run again with "
            "fewer cluster.workers, or smaller chunks if memory was short."
        ) from error
    work.publish(
        message=f"{step.stage}: {step.writes}",
        rows=rows,
        metadata={
            "group": step.writes,
            "settings": step.settings,
            "seed": step.settings.get("seed"),
        },
    )
    seconds = time.perf_counter() - started
    console.line(f"{step.writes}: {rows:,} rows in {seconds:.1f} s.")
    return Outcome(stage=step.stage, target=step.writes, rows=rows, seconds=seconds)


def _report(
    config: RunConfig, store: Store, folder: Path, identities: dict[str, str], *, title: str
) -> Outcome:
    settings = {
        **report_settings(config.report, title=title),
        "samples": list(store.sample_names),
    }
    identity = fingerprint("report", settings, [identities[g] for g in sorted(identities)])
    if report_mark(folder).get("fingerprint") == identity:
        return Outcome(stage="report", target=str(folder))
    started = time.perf_counter()
    write(config.report, store, folder, title=title, fingerprint=identity)
    seconds = time.perf_counter() - started
    return Outcome(stage="report", target=str(folder), seconds=seconds)
