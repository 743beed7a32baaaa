"""What a run would do and why: every step against what the store holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from zpoints.pipeline.config.commented_yaml import as_yaml
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.fingerprint import fingerprint
from zpoints.pipeline.ingest.plan import Plan
from zpoints.pipeline.order import STAGES
from zpoints.pipeline.stages import Step, steps
from zpoints.storage import Store

BOOKKEEPING = {"ingest.digest", "ingest.parent"}


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
        The groups that it reads, with their identities; for a model their lineages, since it stays
        valid when they grow.
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
    identities = {group: planned.identity for group, planned in reads.items()}
    lineages = {g: p.lineage if p.step.grows else p.identity for g, p in reads.items()}
    identity = fingerprint(step.stage, step.fingerprinted, list(identities.values()))
    lineage = fingerprint(step.stage, step.fingerprinted, list(lineages.values()))
    stored = None if store is None else store.fingerprint(step.writes)
    if step.stage == "ingest":
        # Never a fingerprint: what was made from one version is not current in the next.
        first = fingerprint("lineage", {}, [identity])
        lineage = (plan.grows and store is not None and store.lineage(step.writes)) or first
    if step.outlives_growth and store is not None and store.lineage(step.writes) == lineage:
        identity = str(stored)
    inputs = lineages if step.stage == "train" else identities
    remade = any(planned.reason for planned in reads.values()) and step.stage != "train"
    current = stored == identity and not remade
    if current and store is not None and step.writes == "latents":
        current = _fits(store)
    return PlannedStep(
        step=step,
        identity=identity,
        lineage=lineage,
        inputs=inputs,
        reason="" if current else _reason(step, plan, store, inputs),
    )


def _fits(store: Store) -> bool:
    """Whether the latents are the stored model's: two devices train the same model differently."""
    return bool(store.latents.attrs["model_sha256"] == store.model.attrs["sha256"])


def _reason(step: Step, plan: Plan, store: Store | None, inputs: Mapping[str, str]) -> str:
    if store is None or store.fingerprint(step.writes) is None:
        return "not in the store yet"
    published = _published(store, step.writes)
    before = dict(_flat(published.get("settings", {}), step))
    after = dict(_flat(step.fingerprinted, step))
    reasons = [
        f"{key}: {as_yaml(before.get(key, 'unset'))} -> {as_yaml(value)}"
        for key, value in after.items()
        if before.get(key, "unset") != value and key not in BOOKKEEPING
    ]
    if step.stage == "ingest" and not reasons:
        reasons.append(_arrivals(plan, store))
    known = published.get("inputs", {})
    reasons += [f"new {group}" for group in inputs if known.get(group) != inputs[group]]
    return ", ".join(reasons) or f"new {' and '.join(step.reads) or 'schema'}"


def _published(store: Store, group: str) -> Mapping[str, Any]:
    """What the history says of the work that made a group."""
    identity = store.fingerprint(group)
    entries = (v.metadata for v in store.history() if v.metadata.get("fingerprint") == identity)
    return next(entries, {})


def _flat(settings: Mapping[str, Any], step: Step) -> Iterator[tuple[str, Any]]:
    """The settings by the names under which a configuration has them."""
    for key, value in settings.items():
        if key == "parameters":
            section = f"sample.generators.{step.writes.removeprefix('samples/')}"
            yield from ((f"{section}.{name}", inner) for name, inner in value.items())
        else:
            yield f"{step.stage}.{key}", value


def _arrivals(plan: Plan, store: Store) -> str:
    counts = {
        "new": plan.new - len(plan.changed),
        "changed": len(plan.changed),
        "removed": len(plan.removed),
    }
    said = [f"{count:,} {what}" for what, count in counts.items() if count]
    if said:
        return f"photographs: {', '.join(said)}"
    relabelled = store.images.attrs["annotations"] != plan.annotations
    return "labels changed" if relabelled else "the quarantine changed"
