"""`zpoints diff`: new, removed and changed images, and the drift of the latents."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from tests.cluster.cli.commands import zpoints
from tests.cluster.conftest import FIRST, MORE, arrive, configured, go
from tests.shared import made_once
from zpoints.cluster.cli.diff import diff_head, diff_json, diff_table
from zpoints.pipeline.compare.drift import mahalanobis_distance
from zpoints.pipeline.compare.versions import chosen_version, compare, quality_changes
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.storage import Store, StoreError, StoreNotFoundError, open_store


@pytest.fixture(scope="session")
def grown(
    everything: Path, first_night: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Store, Store]:
    """The store after the first night, and after a night with new, removed and changed images."""

    def make(home: Path) -> None:
        shutil.copytree(first_night, home, dirs_exist_ok=True)
        names = arrive(everything, home / "tree", FIRST, FIRST + MORE)
        photographs = home / "tree" / "img_align_celeba"
        (photographs / "000002.jpg").unlink()
        shutil.copy2(photographs / names[0], photographs / "000005.jpg")
        follow = override(configured(home / "tree"), ["source.on_change=reencode"])
        go(follow, home / "store")

    root = made_once(tmp_path_factory, "grown", make) / "store"
    first = open_store(first_night / "store").version
    return open_store(root, version=first), open_store(root)


def test_compare__two_nights(grown: tuple[Store, Store]) -> None:
    before, after = grown

    found = compare(before, after)

    assert found.same_model
    assert found.images is not None
    assert found.images.count == (FIRST, FIRST + MORE - 1)
    assert len(found.images.added) == MORE
    assert (found.images.removed, found.images.changed) == (["000002.jpg"], ["000005.jpg"])
    assert [sum(counts) for counts in zip(*found.images.splits.values(), strict=True)] == [
        *found.images.count
    ]
    drift, z, z_after = found.drift, before.latents["z"].values, after.latents["z"].values
    assert drift is not None
    assert drift.vectors == found.images.count
    shift = (z_after.mean(0, dtype=float) - z.mean(0, dtype=float)) / z.std(0, ddof=1, dtype=float)
    assert drift.mean_rms == pytest.approx(np.sqrt(np.mean(shift**2)), rel=1e-5)
    assert drift.mean_largest == pytest.approx(shift[drift.mean_component], rel=1e-4)
    covariance = np.cov(z.T.astype(float))
    assert drift.covariance == pytest.approx(
        np.linalg.norm(np.cov(z_after.T.astype(float)) - covariance) / np.linalg.norm(covariance),
        rel=1e-5,
    )
    mean_shift = z_after.mean(0, dtype=float) - z.mean(0, dtype=float)
    assert drift.mahalanobis == pytest.approx(
        mahalanobis_distance(mean_shift, covariance), rel=1e-3
    )
    assert len(drift.angles) == 10
    assert 0 < drift.angles[0] <= 90


def test_compare__a_version_with_itself_has_no_drift(first_night: Path) -> None:
    store = open_store(first_night / "store")

    found = compare(store, store)

    assert found.drift is not None
    assert (found.drift.mean_rms, found.drift.covariance) == (0, 0)
    assert max(found.drift.angles) == pytest.approx(0, abs=1e-5)
    assert found.drift.frechet == pytest.approx(0, abs=1e-9)


def test_quality_changes__compare_scalars_of_both_versions() -> None:
    before = xr.Dataset({"swd": 144.0, "face_rate": 0.5, "face_rate_error": 0.03, "fid": 9.0})
    after = xr.Dataset({"swd": 140.0, "face_rate": 0.6, "face_rate_error": 0.04})
    levels = ("level", [1.0, 2.0])

    found = quality_changes(
        "quality/ellipse", before.assign(by_level=levels), after.assign(by_level=levels)
    )

    changes = [(it.measure, it.before, it.after, it.error) for it in found]
    assert changes == [("face_rate", 0.5, 0.6, pytest.approx(0.05)), ("swd", 144.0, 140.0, None)]


@pytest.mark.slow
def test_compare__reports_different_models_first(root: Path, config: RunConfig) -> None:
    before = open_store(root)
    after = go(override(config, ["train.seed=5"]), root)[0].store

    found = compare(before, after)

    assert not found.same_model
    assert found.drift is None
    assert found.images is not None
    assert found.images.count == (FIRST, FIRST)
    assert "Different models: SHA-256" in diff_head(found)[2]
    assert diff_table(found).row_count == 4
    assert json.loads(diff_json(found))["drift"] is None


def test_diff__from_the_command_line(grown: tuple[Store, Store], tmp_path: Path) -> None:
    before, after = grown

    shown = zpoints("diff", before.root, folder=tmp_path)
    as_json = zpoints("diff", before.root, before.version, "latest", "--json", folder=tmp_path)
    wrong = zpoints("diff", before.root, "nothing", folder=tmp_path)

    assert shown.returncode == 0, shown.stderr
    answer, versions, *_ = shown.stdout.splitlines()
    assert answer.startswith(f"{MORE} images added, 1 removed, 1 changed; vectors moved by 0.")
    assert versions == f"{before.version} -> {after.version}"
    for words in ("Mahalanobis", "relative Frobenius", "leading components", "hw", "1: 000005.jpg"):
        assert words in shown.stdout
    content = json.loads(as_json.stdout)
    assert content["images"]["removed"] == ["000002.jpg"]
    assert content["drift"]["vectors"] == [FIRST, FIRST + MORE - 1]
    assert wrong.returncode == 2
    assert "has no version nothing" in wrong.stderr


def test_chosen_version__accepts_a_date_and_names_what_is_missing(first_night: Path) -> None:
    root = str(first_night / "store")

    assert chosen_version(root, "2999-01-01").version == chosen_version(root, "latest").version
    with pytest.raises(StoreNotFoundError, match="as of 2001"):
        chosen_version(root, "2001-01-01")
    with pytest.raises(StoreError, match="Invalid date '2026-13-01'"):
        chosen_version(root, "2026-13-01")
    with pytest.raises(StoreNotFoundError, match="no version whose statistics differ"):
        chosen_version(root, "previous")
