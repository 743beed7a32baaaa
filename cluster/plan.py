"""What a run would do and why: every step against what the store holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.config import STAGES, RunConfig
from pipeline.fingerprint import fingerprint
from pipeline.ingest.plan import Plan
from pipeline.stages import Step, steps
from storage import Store


@dataclass(frozen=True, kw_only=True)
class PlannedStep:
    """One step with the identity of its result.

    Attributes
    ----------
    step
        The stage and its group.
    identity
        Fingerprint of the result.
    lineage
        Shared with the results that this one can grow from.
    inputs
        The groups that it reads, with what they contribute to the identity.
    reason
        Why it has to run; empty where the store has the result.
    """

    step: Step
    identity: str
    lineage: str
    inputs: Mapping[str, str]
    reason: str


def plan_steps(
    config: RunConfig, plan: Plan, store: Store | None, *, until: str = STAGES[-1]
) -> list[PlannedStep]:
    """The steps up to the stage ``until`` in order.

    Parameters
    ----------
    config
        What to compute.
    plan
        The photographs.
    store
        The newest version; None where there is none yet.
    until
        Last stage.
    """
    planned: dict[str, PlannedStep] = {}
    for step in steps(config, plan):
        if STAGES.index(step.stage) > STAGES.index(until):
            break
        planned[step.writes] = _planned(step, plan, store, planned)
    return list(planned.values())


def _planned(
    step: Step, plan: Plan, store: Store | None, before: Mapping[str, PlannedStep]
) -> PlannedStep:
    reads = {group: before[group] for group in step.reads}
    lineages = {group: planned.lineage for group, planned in reads.items()}
    identities = {group: planned.identity for group, planned in reads.items()}
    inputs = lineages if step.outlives_growth else identities
    identity = fingerprint(step.stage, step.settings, list(inputs.values()))
    stored = None if store is None else store.fingerprint(step.writes)
    return PlannedStep(
        step=step,
        identity=identity,
        lineage=_lineage(step, plan, store, identity, list(lineages.values())),
        inputs=inputs,
        reason="" if stored == identity else _reason(step, plan, store, inputs),
    )


def _lineage(
    step: Step, plan: Plan, store: Store | None, identity: str, lineages: list[str]
) -> str:
    if step.stage == "ingest":
        return (plan.grows and store is not None and store.lineage(step.writes)) or identity
    if step.stage == "train":
        return identity  # latents of two trainings never grow into each other
    return fingerprint(step.stage, step.settings, lineages)


def _reason(step: Step, plan: Plan, store: Store | None, inputs: Mapping[str, str]) -> str:
    if store is None or store.fingerprint(step.writes) is None:
        return "not in the store yet"
    published = _published(store, step.writes)
    before = dict(_flat(published.get("settings", {}), step.writes))
    after = dict(_flat(step.settings, step.writes))
    reasons = [
        f"{key}: {before.get(key, 'unset')} -> {value}"
        for key, value in after.items()
        if before.get(key, "unset") != value and not key.endswith(".digest")
    ]
    if step.stage == "ingest" and not reasons:
        reasons.append(_arrivals(plan))
    known = published.get("inputs", {})
    reasons += [
        f"{group} changes" for group, identity in inputs.items() if known[group] != identity
    ]
    return ", ".join(reasons) or "made by an older zpoints"


def _published(store: Store, group: str) -> Mapping[str, Any]:
    """What the history says of the work that made a group."""
    identity = store.fingerprint(group)
    entries = (v.metadata for v in store.history() if v.metadata.get("fingerprint") == identity)
    return next(entries, {})


def _flat(settings: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}.{key}")
        else:
            yield f"{prefix}.{key}", value


def _arrivals(plan: Plan) -> str:
    counts = {
        "new": plan.new - len(plan.changed),
        "changed": len(plan.changed),
        "removed": len(plan.removed),
    }
    said = [f"{count:,} {what}" for what, count in counts.items() if count]
    return f"photographs: {', '.join(said)}" if said else "labels changed"
