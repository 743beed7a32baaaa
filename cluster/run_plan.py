"""What a run would do, and what it would refuse: compared with the store, without doing it."""

from collections.abc import Callable
from contextlib import suppress

from zpoints.cluster.compute.existing_scheduler import check_connection_settings
from zpoints.cluster.compute.local import expected_worker
from zpoints.cluster.compute.worker_capacity import this_machine
from zpoints.cluster.estimate import estimate_lines
from zpoints.pipeline.config.existing import require_origin
from zpoints.pipeline.config.origin import (
    Origin,
    OriginPlan,
    choose_settings,
    open_origin,
    plan_origin,
)
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.errors import ConfigError
from zpoints.pipeline.memory import require_disk, require_memory
from zpoints.pipeline.needs import report_memory
from zpoints.pipeline.network.device import choose_device
from zpoints.pipeline.plan import Planned, PlannedStep, check_labels, plan_report, plan_steps
from zpoints.pipeline.progress import Console
from zpoints.pipeline.report.destination import (
    Destination,
    refuse_other_files,
    report_destination,
)
from zpoints.pipeline.stage_order import IN_DRIVER, STAGES, WITH_LABELS
from zpoints.pipeline.stage_table import steps
from zpoints.storage import Store, StoreNotFoundError, open_repository, open_store


def check_job(
    config: RunConfig, root: str, *, console: Console, title: str, until: str = STAGES[-1]
) -> None:
    """Refuse what a run would refuse, before a job begins that would fail unattended.

    The photographs of a run on the machine of a worker (``cluster.kind: address``) are checked if
    they are on this machine, too; the memory and the GPU of a driver only if it runs here.

    Parameters
    ----------
    config
        What to compute.
    root
        A local path, or a URL of a prefix in a bucket.
    console
        Reports what the source holds.
    title
        Heading of the report.
    until
        Last stage.

    Raises
    ------
    StoreLockedError
        If another run uses the store; jobs of Slurm may begin later.
    ZpointsError
        As `dry_run`.
    """
    kind = config.cluster.kind
    check_connection_settings(config.cluster)
    destination_of(config, root, until)
    with suppress(StoreNotFoundError):
        open_store(root)
        if kind != "slurm":
            with open_repository(root).held(f"zpoints submit {title}"):
                pass
    try:
        require_origin(config)
    except ConfigError:
        if kind == "address":
            return
        raise
    here = kind not in ("slurm", "address")
    dry_run(config, root, console=console, title=title, until=until, driver_here=here)


def dry_run(
    config: RunConfig,
    root: str,
    *,
    console: Console,
    title: str,
    until: str = STAGES[-1],
    driver_here: bool = True,
) -> list[Planned]:
    """What ``run`` would do. Changes nothing, and creates no store.

    Parameters
    ----------
    config
        What to compute.
    root
        A local path, or a URL of a prefix in a bucket.
    console
        Reports what the source holds.
    title
        Heading of the report.
    until
        Last stage.
    driver_here
        Whether the driver would run on this machine, whose memory and GPU then have to suffice.

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
    destination = destination_of(config, root, until)
    origin, config = open_origin(config, console, root=root)
    store = None
    with suppress(StoreNotFoundError):
        store = open_store(root)
    config = choose_settings(config, origin, store, console)
    plan, planned = planned_steps(config, origin, store, until=until)
    probe(planned)
    for line in estimate_lines(config, plan, planned, report=destination is not None):
        console.line(line)
    report = destination is not None
    check(config, planned, store, root, report=report, driver_here=driver_here)
    return with_report(config, store, destination, planned, title=title)


def planned_steps(
    config: RunConfig,
    origin: Origin,
    store: Store | None,
    *,
    until: str,
    keep: Callable[[str, bytes], None] | None = None,
) -> tuple[OriginPlan, list[PlannedStep]]:
    """The rows to store, and the steps up to a stage.

    Parameters
    ----------
    config
        The whole configuration.
    origin
        The photographs or vectors.
    store
        The newest version; None if there is none yet.
    until
        Last stage.
    keep
        Stores the list of files of a source.
    """
    plan = plan_origin(origin, config, store, keep=keep)
    return plan, plan_steps(steps(config, plan), store, until=until)


def with_report(
    config: RunConfig,
    store: Store | None,
    destination: Destination | None,
    planned: list[PlannedStep],
    *,
    title: str,
) -> list[Planned]:
    """The steps, and the report if there is to be one.

    Parameters
    ----------
    config
        The whole configuration.
    store
        The newest version; None if there is none yet.
    destination
        Where the report goes; None if there is to be none.
    planned
        The steps.
    title
        Heading of the report.
    """
    if destination is None:
        return [*planned]
    return [*planned, plan_report(config.report, store, destination, planned, title=title)]


def destination_of(config: RunConfig, root: str, until: str) -> Destination | None:
    """Where the report goes; None if the run ends before.

    Parameters
    ----------
    config
        The whole configuration.
    root
        Root of the store.
    until
        Last stage.

    Raises
    ------
    ConfigError
        If the folder holds other files.
    """
    if until != "report":
        return None
    destination = report_destination(config.report.folder, root)
    refuse_other_files(destination)
    return destination


def check(
    config: RunConfig,
    planned: list[PlannedStep],
    store: Store | None,
    root: str,
    *,
    report: bool,
    driver_here: bool = True,
) -> None:
    """Refuse at once what a stage would refuse after hours.

    That is a missing GPU or label, too little memory for the settings, or too small a disk. `probe`
    tries the network.

    Parameters
    ----------
    config
        The whole configuration.
    planned
        The steps of the run.
    store
        The newest version; None if there is none yet.
    root
        Root of the store.
    report
        Whether a report follows.
    driver_here
        As in `dry_run`.

    Raises
    ------
    CapacityError
        If the settings need more memory or disk than there is.
    ZpointsError
        If anything else is missing.
    """
    local = config.cluster.kind == "local"
    made = [item for item in planned if item.reason]
    here = [item for item in made if local or item.stage in IN_DRIVER]
    if driver_here and any(item.step.requires_cuda for item in here):
        choose_device("cuda")
    _check_stored_labels(planned, store)
    _require_capacity(config, planned, root, driver_here=driver_here)
    if report and made and driver_here:
        require_report_memory(config)


def probe(planned: list[PlannedStep]) -> None:
    """Try the user's own network on one batch, if a step that is to be made has one, and find logs.

    Raises
    ------
    NetworkError
        If it cannot be imported, or does not fit.
    MissingExtraError
        If the library of a training log is not installed.
    """
    for item in planned:
        if item.reason:
            item.step.probe()


def _require_capacity(
    config: RunConfig, planned: list[PlannedStep], root: str, *, driver_here: bool
) -> None:
    """Refuse settings that need more memory or disk than there is."""
    local = config.cluster.kind == "local"
    made = [item for item in planned if item.reason]
    require_disk({item.target: item.step.disk for item in made}, root, remaining=False)
    driver, worker = this_machine(), expected_worker(config.cluster)
    for item in made if driver_here else ():
        item.step.require_driver_memory(driver)
        if local or item.stage in IN_DRIVER:
            item.step.require_memory(driver if item.stage in IN_DRIVER else worker)


def require_report_memory(config: RunConfig) -> None:
    """Refuse a report that needs more memory than there is.

    Raises
    ------
    CapacityError
        If it does.
    """
    driver = this_machine()
    require_memory(report_memory(config, driver), driver)


def _check_stored_labels(planned: list[PlannedStep], store: Store | None) -> None:
    """Check the labels of the stored images, unless an ingest will replace them."""
    if store is not None and not any(i.reason for i in planned if i.stage in WITH_LABELS):
        check_labels(planned, store)
