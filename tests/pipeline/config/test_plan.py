"""The planner: which steps are up to date, which run, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from zpoints.pipeline.encode.config import EncodeConfig
from zpoints.pipeline.ingest.config import IngestConfig
from zpoints.pipeline.plan import (
    Planned,
    PlannedStep,
    check_labels,
    is_up_to_date,
    plan_line,
    plan_steps,
)
from zpoints.pipeline.settings import Settings
from zpoints.pipeline.stage_run import StageRun
from zpoints.pipeline.step import Step
from zpoints.pipeline.train.config import TrainConfig
from zpoints.storage import QueryError, Store


def work(run: StageRun[Any]) -> int:
    raise AssertionError("a plan runs nothing")


IMAGES = Step(
    stage="ingest",
    reads=(),
    writes="images",
    settings=IngestConfig(),
    run=work,
    extra={"digest": "a"},
    digests=frozenset({"digest"}),
    grows=True,
)
MODEL = Step(
    stage="train",
    reads=("images",),
    writes="model",
    settings=TrainConfig(),
    run=work,
    outlives_growth=True,
    reads_lineages=True,
)
LATENTS = Step(
    stage="encode", reads=("images", "model"), writes="latents", settings=EncodeConfig(), run=work
)
STEPS = (
    replace(IMAGES, grows=True, extra={"digest": "a"}, digests=frozenset({"digest"})),
    MODEL,
    LATENTS,
)


@dataclass
class Published:
    """The part of a store that the planner reads, after a run of some steps."""

    steps: Sequence[PlannedStep]
    groups: Mapping[str, PlannedStep] = field(init=False)

    def __post_init__(self) -> None:
        self.groups = {step.target: step for step in self.steps}

    def fingerprint(self, group: str) -> str | None:
        return self.groups[group].identity if group in self.groups else None

    def lineage(self, group: str) -> str | None:
        return self.groups[group].lineage if group in self.groups else None

    def history(self) -> list[Any]:
        return [
            SimpleNamespace(
                metadata={
                    "fingerprint": planned.identity,
                    "settings": planned.step.fingerprinted,
                    "inputs": planned.inputs,
                }
            )
            for planned in self.steps
        ]


def published(steps: Sequence[Step]) -> Store:
    return cast(Store, Published(plan_steps(steps, None)))


def reasons(steps: Sequence[Step], store: Store | None) -> dict[str, str]:
    return {planned.target: planned.reason for planned in plan_steps(steps, store)}


def with_settings(step: Step, settings: Settings) -> Step:
    return replace(step, settings=settings)


def grown(digest: str = "b") -> Step:
    """The images with photographs added."""
    return replace(IMAGES, extra={"digest": digest}, continues=True, changes=lambda _: "2 new")


def test_plan_steps__without_a_store_everything_runs() -> None:
    assert set(reasons(STEPS, None).values()) == {"not in the store yet"}


def test_plan_steps__nothing_runs_twice() -> None:
    assert set(reasons(STEPS, published(STEPS)).values()) == {""}


def test_plan_steps__stop_after_the_last_stage() -> None:
    assert [planned.stage for planned in plan_steps(STEPS, None, until="train")] == [
        "ingest",
        "train",
    ]


def test_plan_steps__name_the_setting_that_changed() -> None:
    changed = with_settings(MODEL, TrainConfig(epochs=3))

    found = reasons((IMAGES, changed, LATENTS), published(STEPS))

    assert found == {"images": "", "model": "train.epochs: 24 -> 3", "latents": "new model"}


def test_plan_steps__ignore_where_a_stage_computes() -> None:
    elsewhere = with_settings(LATENTS, EncodeConfig(device="cuda"))

    assert reasons((IMAGES, MODEL, elsewhere), published(STEPS))["latents"] == ""


def test_plan_steps__growth_keeps_the_model_and_encodes_again() -> None:
    found = reasons((grown(), MODEL, LATENTS), published(STEPS))

    assert found == {"images": "2 new", "model": "", "latents": "new images"}


def test_plan_steps__growth_trains_again_if_the_model_does_not_outlive_it() -> None:
    retrained = replace(MODEL, outlives_growth=False)

    found = reasons((grown(), retrained, LATENTS), published((IMAGES, retrained, LATENTS)))

    assert found["model"]


def test_plan_steps__images_that_do_not_continue_start_a_lineage() -> None:
    found = reasons((replace(grown(), continues=False), MODEL, LATENTS), published(STEPS))

    assert found["model"] == "new images"


def test_plan_steps__a_result_that_does_not_fit_is_made_again() -> None:
    unfit = replace(LATENTS, fits=lambda _: False)

    assert reasons((IMAGES, MODEL, unfit), published(STEPS))["latents"]


@pytest.mark.parametrize(("stored", "current"), [("a", True), ("b", False), (None, False)])
def test_is_up_to_date__compares_fingerprints(stored: str | None, current: bool) -> None:
    assert is_up_to_date(stored, "a", ()) == current


def test_is_up_to_date__is_false_if_an_input_will_be_made_again() -> None:
    assert not is_up_to_date("a", "a", plan_steps(STEPS, None))


def test_check_labels__asks_only_the_steps_that_run() -> None:
    def refuse(store: Store) -> None:
        raise QueryError("no such label")

    checked = replace(LATENTS, check=refuse)
    store = published(STEPS)

    check_labels(plan_steps((IMAGES, MODEL, checked), store), store)
    with pytest.raises(QueryError, match="no such label"):
        check_labels(plan_steps((IMAGES, MODEL, checked), None), store)


def test_plan_line__names_what_runs_and_why_and_counts_what_follows() -> None:
    def line(*reasons: str) -> str:
        names = ["images", "model", "samples/a", "samples/b", "samples/c", "report"]
        items = zip(names, reasons, strict=False)
        return plan_line(
            [
                Planned(stage=name.split("/")[0], target=name, identity="", reason=reason)
                for name, reason in items
            ]
        )

    assert line("", "") == "All 2 results are up to date."
    assert line("", "", "not in the store yet") == (
        "2 up to date, 1 to run: samples/a (not in the store yet)."
    )
    assert line("", "train.epochs: 1 -> 9", *3 * ["new model"], "new results") == (
        "1 up to date, 5 to run: model (train.epochs: 1 -> 9); then 3 in samples/, report."
    )
    assert line(*6 * ["new schema"]) == (
        "6 to run: images, model, 3 in samples/, report (new schema)."
    )
    assert line("a", "b", "c", "d", "e, new model", "f").endswith(
        "; 2 more (--dry-run lists them)."
    )
