"""Compares a configuration with the store: which results are up to date, and why others are not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from zpoints.pipeline.config.commented_yaml import as_yaml
from zpoints.pipeline.fingerprint import fingerprint
from zpoints.pipeline.parts.installed import FIGURES, offered
from zpoints.pipeline.progress import counted, folded
from zpoints.pipeline.report.config import ReportConfig
from zpoints.pipeline.report.destination import Destination
from zpoints.pipeline.report.mark import report_mark
from zpoints.pipeline.report.stage import report_settings
from zpoints.pipeline.stage_order import STAGES
from zpoints.pipeline.step import Step
from zpoints.storage import Store

NEW_RESULTS = "new results"
NEW_SCHEMA = "new schema"
REASONS_SHOWN = 4
"""Reasons that the line about a plan names."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A result of a run: a group of the store, or the report.

    Attributes
    ----------
    stage
        One of ``zpoints.pipeline.stage_order.STAGES``.
    target
        The group, or the destination of the report.
    identity
        Fingerprint of the result.
    reason
        Why the stage has to run; empty if the result is up to date.
    """

    stage: str
    target: str
    identity: str
    reason: str

    @property
    def name(self) -> str:
        """The group, or the report, whose target is a path."""
        return self.stage if self.stage == "report" else self.target

    @property
    def follows(self) -> bool:
        """Whether it is made only because what it is made from is new."""
        parts = self.reason.split(", ")
        return self.reason == NEW_RESULTS or all(
            part.startswith("new ") and part != NEW_SCHEMA for part in parts
        )


@dataclass(frozen=True, kw_only=True)
class PlannedStep(Planned):
    """A group of the store with the identity of its content.

    Attributes
    ----------
    step
        How the stage makes it.
    lineage
        Shared with the results that this one can grow from.
    inputs
        The groups that the step reads and their identities, or their lineages if the result
        depends on these alone (`Step.reads_lineages`).
    """

    step: Step
    lineage: str
    inputs: Mapping[str, str]


def is_up_to_date(stored: str | None, identity: str, inputs: Iterable[Planned]) -> bool:
    """Whether a stored result is the wanted one and none of its inputs will be made again.

    Parameters
    ----------
    stored
        Fingerprint of the stored result; None if there is none.
    identity
        Fingerprint of the wanted result.
    inputs
        The plans of what the result is made from.
    """
    return stored == identity and not any(planned.reason for planned in inputs)


def plan_steps(
    steps: Iterable[Step], store: Store | None, *, until: str = STAGES[-1]
) -> list[PlannedStep]:
    """Compare the steps up to a stage with the store, in order.

    Parameters
    ----------
    steps
        The steps of the configuration (``zpoints.pipeline.stage_table``).
    store
        The newest version; None if there is none yet.
    until
        Last stage.
    """
    planned: dict[str, PlannedStep] = {}
    for step in steps:
        if STAGES.index(step.stage) <= STAGES.index(until):
            planned[step.writes] = _plan_step(step, store, [planned[g] for g in step.reads])
    return list(planned.values())


def _plan_step(step: Step, store: Store | None, reads: Sequence[PlannedStep]) -> PlannedStep:
    identities = {planned.target: planned.identity for planned in reads}
    lineages = {p.target: p.lineage if p.step.grows else p.identity for p in reads}
    settings = step.fingerprinted
    identity = fingerprint(step.stage, settings, list(identities.values()))
    lineage = fingerprint(step.stage, settings, list(lineages.values()))
    stored, stored_lineage = None, None
    if store is not None:
        stored, stored_lineage = store.fingerprint(step.writes), store.lineage(step.writes)
    if not reads:
        # Never a fingerprint: what was made from one version is not current in the next.
        lineage = (step.continues and stored_lineage) or fingerprint("lineage", {}, [identity])
    if step.outlives_growth and stored is not None and stored_lineage == lineage:
        identity = stored
    inputs = lineages if step.reads_lineages else identities
    remade = () if step.reads_lineages else reads
    current = is_up_to_date(stored, identity, remade) and (store is None or step.fits(store))
    return PlannedStep(
        stage=step.stage,
        target=step.writes,
        identity=identity,
        reason="" if current else _reason(step, store, inputs),
        step=step,
        lineage=lineage,
        inputs=inputs,
    )


def plan_line(planned: Sequence[Planned]) -> str:
    """How many results are up to date, which are to be made, and why.

    Of results that only follow from others, no reason is given.

    Examples
    --------
    ``30 up to date, 2 to run: samples/ellipse (sample.count: 80 -> 90); then report.``
    """
    made = [item for item in planned if item.reason]
    current = len(planned) - len(made)
    if not made:
        return f"All {counted(current, 'result')} are up to date."
    reasons: dict[str, list[str]] = {}
    for item in made:
        if not item.follows:
            reasons.setdefault(item.reason, []).append(item.name)
    told = [f"{folded(names)} ({why})" for why, names in reasons.items()]
    if len(told) > REASONS_SHOWN:
        told = [*told[:REASONS_SHOWN], f"{len(told) - REASONS_SHOWN} more (--dry-run lists them)"]
    following = [item.name for item in made if item.follows]
    if following:
        told.append(f"then {folded(following)}" if told else folded(following))
    before = f"{current} up to date, " if current else ""
    return f"{before}{len(made)} to run: {'; '.join(told)}."


def check_labels(planned: Iterable[PlannedStep], store: Store) -> None:
    """Check before the training that the labels of the images suffice for the later steps.

    Raises
    ------
    ZpointsError
        If they do not, e.g. because a query names a label that is missing.
    """
    for item in planned:
        if item.reason:
            item.step.check(store)


def plan_report(
    config: ReportConfig,
    store: Store | None,
    destination: Destination,
    planned: Sequence[PlannedStep],
    *,
    title: str,
) -> Planned:
    """Compare the report at a destination with the store that it is to show.

    Parameters
    ----------
    config
        What the report shows.
    store
        The newest version; None if there is none yet.
    destination
        Folder or URL of the report.
    planned
        The steps of the run.
    title
        Heading of the report.
    """
    report = Planned(stage="report", target=str(destination), identity="", reason=NEW_RESULTS)
    if store is None or any(item.reason for item in planned):
        return report
    identity = _report_identity(config, store, planned, title=title)
    current = is_up_to_date(report_mark(destination).get("fingerprint"), identity, planned)
    reason = "" if current else "made from another version or other settings"
    return replace(report, identity=identity, reason=reason)


def _report_identity(
    config: ReportConfig, store: Store, planned: Sequence[PlannedStep], *, title: str
) -> str:
    shown = {"samples": list(store.sample_names), "quality": list(store.quality_names)}
    # The report shows a sweep whenever the store has one, whether or not this run asks for it.
    shown["sweep"] = [str(store.fingerprint("sweep"))] if store.is_current("sweep") else []
    shown["figures"] = [" ".join(found) for found in offered(FIGURES)]
    identities = {item.target: item.identity for item in planned if item.stage != "sweep"}
    settings = {**report_settings(config, title=title), **shown}
    return fingerprint("report", settings, [identities[g] for g in sorted(identities)])


def _reason(step: Step, store: Store | None, inputs: Mapping[str, str]) -> str:
    if store is None or store.fingerprint(step.writes) is None:
        return "not in the store yet"
    published = _publication(store, step.writes)
    before = dict(_setting_names(published.get("settings", {}), step))
    after = dict(_setting_names(step.fingerprinted, step))
    reasons = [
        f"{name}: {as_yaml(before.get(name, 'unset'))} -> {as_yaml(value)}"
        for name, value in after.items()
        if before.get(name, "unset") != value
    ]
    if not reasons:
        reasons += filter(None, [step.changes(store)])
    known = published.get("inputs", {})
    reasons += [f"new {group}" for group in inputs if known.get(group) != inputs[group]]
    return ", ".join(reasons) or ", ".join(f"new {group}" for group in step.reads) or NEW_SCHEMA


def _publication(store: Store, group: str) -> Mapping[str, Any]:
    """The metadata with which the stored version of a group was published."""
    identity = store.fingerprint(group)
    entries = (v.metadata for v in store.history() if v.metadata.get("fingerprint") == identity)
    return next(entries, {})


def _setting_names(settings: Mapping[str, Any], step: Step) -> Iterator[tuple[str, Any]]:
    """Settings by their names in the configuration; digests are left out."""
    for key, value in settings.items():
        if key in step.sections:
            yield from ((f"{step.sections[key]}.{name}", v) for name, v in value.items())
        elif key not in step.digests:
            yield f"{step.stage}.{key}", value
