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
    *("train.log=csv", "train.log_folder=elsewhere"),
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
    "model": ("e3a775b8918ea62e", "8d61035426f4eaa1"),
    "latents": ("f7d334701661491d", "d8fb15363f471654"),
    "statistics": ("38dcf65cdb886203", "4cfa05d59130f255"),
    "structure": ("b3e37d45b01820ab", "746e21246582e5bb"),
    "samples/uniform": ("350dbfe60aa89937", "f123d83d385b1710"),
    "samples/ellipse": ("5766eb4b6bbd4860", "8944e2e236de02dc"),
    "samples/path": ("826daacc967e3b0e", "455d51025b429d8a"),
    "quality/real": ("04be515a283e229b", "99a8a44e5b6e27ea"),
    "quality/path": ("788a1f162a546e3d", "a0b03ae70958f500"),
}
OF_CHANGED = {
    "images": ("605b83c8191ef6f2", "ffc012511a2794fb"),
    "model": ("2abffe78295a2f6e", "2eb8f598c8bf59af"),
    "latents": ("7fc8c16f34796f44", "0c51f8502fef873d"),
    "statistics": ("45834d1f5ed78ed1", "fd716f448cba265f"),
    "selections/smiling": ("4e13560899fdbe6b", "cd33feb902349857"),
    "structure": ("bb40b08bb22222f8", "4c89781f49899038"),
    "samples/smiling": ("1ecaae9914e1eea6", "a797d60beca846df"),
    "quality/real": ("c5b09ce5640a02d8", "cae4a5936d2434b4"),
    "quality/reconstruction": ("6724503e811ec321", "c4355e496bcb49b8"),
    "quality/smiling": ("1766ec8cf887439e", "a3ad67bf40547db7"),
    "sweep": ("1774221024d72a46", "64ea6d8c194311a8"),
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
