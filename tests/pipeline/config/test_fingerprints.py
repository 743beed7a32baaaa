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
    *("sweep.enabled=true", "sweep.device=cpu", "sweep.K=[4]"),
)
OF_DEFAULTS = {
    "images": ("3e4ee7264ad5d285", "6a3aa7024ec52e7a"),
    "model": ("fdc7bbfab6feae32", "b143a9bdc05212d6"),
    "latents": ("2b3ca2abd6202215", "08531d5dea94f882"),
    "statistics": ("18ad1a0071d6df69", "e5be10a744a7cebf"),
    "structure": ("bb00dacd9a94e5b2", "1747dde0ef6cfeb4"),
    "samples/uniform": ("7adcdefb8adae162", "5c5feb7c197bef4f"),
    "samples/ellipse": ("b509df3f838d0f0f", "dcef6d00974cac4e"),
    "samples/path": ("c64ed6cd8522b562", "5bf9751a989c62c9"),
    "quality/real": ("22a0c74dc6f85925", "d4ad15c9b2efd839"),
    "quality/path": ("d9a8059ffd0e06ef", "be817a29603746bb"),
}
OF_CHANGED = {
    "images": ("1150740f285e2153", "7492a44a626fab0a"),
    "model": ("15071d0701844959", "931cb728f2963b01"),
    "latents": ("236377294b7ad7a3", "04be8e80ecf18ee2"),
    "statistics": ("d8cb941a9dfd0ae3", "bc726da963579837"),
    "selections/smiling": ("d3bff09681bd17be", "c9cb791b78cf37f0"),
    "structure": ("4ffaf3d687f0d0dc", "21d94839ab626656"),
    "samples/smiling": ("ae7a3105e23d62ea", "fcd1699d2d22ec46"),
    "quality/real": ("9db8c2f4d60ab2e5", "966b63442ac3112b"),
    "quality/reconstruction": ("e5b4632e1b285a34", "d731782d670ef5e9"),
    "quality/smiling": ("76cd76c3ef0ff555", "d7c780b52851e33a"),
    "sweep": ("c67bb2bbb73b3c93", "c2544e2f9116d5ce"),
}
"""Identity and lineage of each group, as commit c0cf530 computed them."""


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
