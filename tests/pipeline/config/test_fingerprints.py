"""Fingerprints: what they depend on, and that those of unchanged settings stay the same."""

from typing import Literal

import numpy as np
import pandas as pd
import pytest

from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.fingerprint import fingerprint, settings_for_fingerprint
from zpoints.pipeline.ingest.files.photographs import FolderFiles
from zpoints.pipeline.ingest.plan import IngestPlan
from zpoints.pipeline.ingest.sources.source import Source
from zpoints.pipeline.plan import PlannedStep, plan_steps
from zpoints.pipeline.stage_table import steps

CHANGED = (
    *("ingest.source=photographs", "ingest.side=32", "train.z_dim=16", "train.device=cpu"),
    *("train.on_growth=retrain", "train.seed=3", "encode.device=cpu", "encode.batch=32"),
    *("analyze.bins=50", "analyze.selections.smiling=Smiling", "analyze.pairs.components=4"),
    *("sample.device=cpu", "sample.count=40"),
    "sample.generators={smiling: {generator: conditional, selection: smiling, "
    "base: {generator: gaussian}}}",
    *("evaluate.device=cpu", "evaluate.count=50"),
    *("sweep.enabled=true", "sweep.device=cpu", "sweep.grid={K: [4]}"),
)
OF_DEFAULTS = {
    "images": ("5ca5fe69a25b7182", "df91069a8a607fa7"),
    "model": ("dc76ba0337a9a759", "3965e5042e00a49d"),
    "latents": ("8252cb5e0d832847", "5e646a6042c79141"),
    "statistics": ("af86584d8e950f55", "f1cec0d5ef9049a6"),
    "structure": ("0e79fb7ca9df5e95", "6143b7a5cca837d4"),
    "samples/uniform": ("2f7031ab37807247", "81cafc821cd8b449"),
    "samples/ellipse": ("4a8a68acbc6afe48", "4753505ee1152093"),
    "samples/path": ("1e07e21ad669e611", "6891ac40171b59cb"),
    "quality/real": ("95af77f815d12e30", "c10f44707a88cab1"),
    "quality/path": ("f2c21c1fc28f7e9e", "6dc17d56f36b9b13"),
}
OF_CHANGED = {
    "images": ("605b83c8191ef6f2", "ffc012511a2794fb"),
    "model": ("4bb34be0426e44b3", "c1d5c513fb854368"),
    "latents": ("f206492b41fae95f", "72e3a22062243b72"),
    "statistics": ("558cde0a0dc55c68", "5b458dfcb1574966"),
    "selections/smiling": ("3cbfe196aaa08c21", "41ff88be08d7b676"),
    "structure": ("a293300dbf839daf", "b0b9162872a7db4a"),
    "samples/smiling": ("055d2855e1686fdf", "0d76b3dae113587c"),
    "quality/real": ("3ca620e0c59787b2", "3017a959c3cdaf61"),
    "quality/reconstruction": ("63d29c32aab88d02", "ece5c2c127067705"),
    "quality/smiling": ("418e73f8aad2d5aa", "88efe84bd360e0f8"),
    "sweep": ("8405a174d56afe80", "135ac3263d2057d8"),
}
"""Identity and lineage of each group, as computed with schema 2, evaluate.detector, sweep.grid."""


def planned(*overrides: str) -> dict[str, PlannedStep]:
    no_rows = np.array([], dtype=np.int64)
    photographs = IngestPlan(
        source=Source("folder", "", FolderFiles("."), (), (), (), pd.DataFrame(), None, (), ()),
        rows=no_rows,
        carried=no_rows,
        signatures=np.array([], dtype=object),
        quarantine=pd.DataFrame(),
        digest="0123456789abcdef",
        annotations="",
    )
    config = override(RunConfig(), overrides)
    return {item.target: item for item in plan_steps(steps(config, photographs), None)}


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [((), OF_DEFAULTS), (CHANGED, OF_CHANGED)],
    ids=["defaults", "changed"],
)
def test_plan_steps__fingerprints_of_unchanged_settings_stay(
    overrides: tuple[str, ...], expected: dict[str, tuple[str, str]]
) -> None:
    found = {name: (item.identity, item.lineage) for name, item in planned(*overrides).items()}

    assert {name: found[name] for name in expected} == expected


def test_fingerprint__changes_with_stage_settings_and_inputs() -> None:
    base = fingerprint("train", {"epochs": 3, "seed": 0}, ["a"])

    assert fingerprint("train", {"seed": 0, "epochs": 3}, ["a"]) == base
    others = {
        fingerprint("encode", {"epochs": 3, "seed": 0}, ["a"]),
        fingerprint("train", {"epochs": 4, "seed": 0}, ["a"]),
        fingerprint("train", {"epochs": 3, "seed": 0}, ["b"]),
    }
    assert len(others | {base}) == 4


@pytest.mark.parametrize("stage", ["train", "encode", "sample", "evaluate", "sweep"])
def test_settings_for_fingerprint__leave_out_the_device(
    stage: Literal["train", "encode", "sample", "evaluate", "sweep"],
) -> None:
    here = getattr(override(RunConfig(), [f"{stage}.device=cpu"]), stage)
    there = getattr(override(RunConfig(), [f"{stage}.device=cuda"]), stage)

    assert settings_for_fingerprint(here) == settings_for_fingerprint(there)


def test_settings_for_fingerprint__hold_nested_settings() -> None:
    values = settings_for_fingerprint(RunConfig().analyze)

    assert values["pairs"]["components"] == 6
    assert "selections" not in values
