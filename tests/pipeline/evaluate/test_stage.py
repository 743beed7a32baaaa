"""The evaluation as a stage: choice of photographs, stored groups, repetition."""

import shutil
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import torch
import xarray as xr

from tests.conftest import SilentConsole
from tests.grey import grey as grey
from tests.grey import inception as inception
from zpoints.cluster.run import run
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.errors import ConfigError, EvaluateError
from zpoints.pipeline.evaluate.held_out import choose_held_out
from zpoints.pipeline.evaluate.measures.inception import inception_digest, inception_features
from zpoints.pipeline.evaluate.measures.round_trip import spread_of
from zpoints.pipeline.network.serving import load_network
from zpoints.storage import Store, open_store


def go(config: RunConfig, root: str, *, until: str = "evaluate") -> list[str]:
    """Run and return what was made."""
    result = run(config, root, console=SilentConsole(), title="t", until=until)
    return [outcome.target for outcome in result.outcomes if outcome.seconds is not None]


@pytest.fixture
def own_root(small_root: str, tmp_path: Path) -> str:
    return shutil.copytree(small_root, str(tmp_path / "store"))


def latents(count: int, **splits: int) -> xr.Dataset:
    names = [name for name, n in splits.items() for _ in range(n)]
    labels = np.array(names + ["train"] * (count - len(names)), dtype=object)
    z = np.random.default_rng(0).normal(size=(count, 3)).astype(np.float32)
    rows = {"split": ("image", labels), "checksum": ("image", np.arange(count, dtype=np.uint64))}
    return xr.Dataset({"z": (("image", "component"), z)}, rows)


# the photographs


@pytest.mark.parametrize(
    ("splits", "kind", "size"),
    [
        ({"test": 50, "validation": 50}, "test", 20),
        ({"test": 30, "validation": 30}, "test and validation", 20),
        ({"test": 14, "validation": 6}, "test and validation", 10),
        ({"test": 1, "validation": 2}, "all", 20),
    ],
)
def test_choose_held_out__prefers_test_images(splits: dict, kind: str, size: int) -> None:
    chosen = choose_held_out(latents(100, **splits), 20, fewest=5, seed=0)

    assert (chosen.kind, len(chosen.reference), len(chosen.real)) == (kind, size, size)
    assert not set(chosen.reference) & set(chosen.real)
    assert max([*chosen.reference, *chosen.real]) < (100 if kind == "all" else sum(splits.values()))


def test_choose_held_out__few_wanted_are_held_out_ones_too() -> None:
    chosen = choose_held_out(latents(100, test=3, validation=30), 2, fewest=12, seed=0)

    assert (chosen.kind, len(chosen.reference)) == ("test and validation", 2)


def test_choose_held_out__leaves_vectors_that_are_not_finite_out() -> None:
    rows = latents(40, test=20)
    rows["z"][5:10, 1] = np.nan

    chosen = choose_held_out(rows.chunk(image=7), 20, fewest=3, seed=0)

    assert (chosen.kind, len(chosen.reference), len(chosen.real)) == ("test and validation", 7, 7)
    assert not set(range(5, 10)) & {*chosen.reference, *chosen.real}


def test_choose_held_out__both_sets_are_drawn_from_all_splits_alike() -> None:
    chosen = choose_held_out(latents(900, test=300, validation=600), 400, fewest=5, seed=0)

    assert chosen.kind == "test and validation"
    for rows in (chosen.reference, chosen.real):
        assert 0.3 < np.mean(rows < 300) < 0.45  # 300 of 800 are of the test split


def test_choose_held_out__reads_the_vectors_that_it_chooses_from_alone() -> None:
    rows, read = latents(1000, test=100), []
    z = da.from_array(rows["z"].values, chunks=(10, -1)).map_blocks(
        lambda block: (read.append(len(block)), block)[1], meta=np.empty((0, 0), np.float32)
    )

    choose_held_out(rows.assign(z=(("image", "component"), z)), 20, fewest=5, seed=0)

    assert 0 < len(read) <= 10


def test_choose_held_out__needs_two_vectors() -> None:
    with pytest.raises(
        EvaluateError, match=r"at least 2 finite latent vectors; this store has 1\."
    ):
        choose_held_out(latents(1), 20, fewest=3, seed=0)


# the groups


def test_evaluate__judges_every_generator_and_both_references(small_store: Store) -> None:
    assert set(small_store.quality_names) == {*small_store.sample_names, "real", "reconstruction"}
    real, uniform = small_store.quality("real"), small_store.quality("uniform")
    assert real.attrs["held_out"] in ("test and validation", "all")
    assert uniform.sizes["sample"] == real.sizes["sample"] == uniform.attrs["count"]
    assert uniform.attrs["count"] < uniform.attrs["wanted"] == 1000
    assert uniform["round_trip"] > small_store.quality("reconstruction")["round_trip"]
    assert np.isnan(real["round_trip"])
    assert uniform["frechet"] > real["frechet"]
    assert uniform["violations"] > 0.5 > real["violations"]


def test_evaluate__round_trip_is_that_of_the_stored_images(small_store: Store) -> None:
    quality, samples = small_store.quality("ellipse"), small_store.samples("ellipse")
    n = quality.sizes["sample"]
    network = load_network(small_store.root, small_store.version, "cpu")

    z = network.encode(samples["pixels"][:n].values, batch=16)["z"]

    np.testing.assert_allclose(quality["reencoded"], z, atol=1e-4)
    moved = np.linalg.norm(samples["z"][:n].values - z, axis=1)
    expected = moved / spread_of(small_store.statistics)
    np.testing.assert_allclose(quality["round_trip_distance"], expected, rtol=1e-3)
    assert float(quality["round_trip"]) == pytest.approx(expected.mean(), rel=1e-3)
    assert float(quality["face_rate"]) == quality["face_found"].values.mean()


@pytest.mark.slow
def test_evaluate__one_changed_generator_is_judged_again_alone(
    small_config: RunConfig, own_root: str
) -> None:
    changed = override(small_config, ["sample.generators.ellipse.fact=0.5"])

    assert go(changed, own_root) == ["samples/ellipse", "quality/ellipse"]


@pytest.mark.slow
def test_evaluate__gives_the_same_bytes_with_any_number_of_workers(
    small_config: RunConfig, small_root: str, tmp_path: Path
) -> None:
    shutil.copytree(small_root, tmp_path / "store")
    config = override(
        small_config, ["evaluate.seed=1", "sample.generators={g: {generator: gaussian}}"]
    )
    found = []
    for workers in (1, 3):
        root = shutil.copytree(tmp_path / "store", str(tmp_path / str(workers)))
        go(override(config, [f"cluster.workers={workers}"]), root)
        found.append(open_store(root).quality("g").load())

    xr.testing.assert_identical(found[0].drop_attrs(), found[1].drop_attrs())


@pytest.mark.parametrize("name", ["real", "reconstruction"])
def test_config__refuses_samples_with_the_name_of_a_reference(name: str) -> None:
    with pytest.raises(ConfigError, match=f"sample.generators.{name}: .*choose another name"):
        override(RunConfig(), [f"sample.generators.{name}={{generator: gaussian}}"])


# grey photographs, another number of components, the FID: one run has them all


def test_evaluate__judges_grey_images_and_fewer_samples_than_photographs(grey) -> None:
    quality = open_store(grey[1]).quality("g")

    assert quality.sizes["sample"] == 10
    assert quality["fid"] >= 0
    assert quality["swd"] > 0
    assert np.isnan(quality["c2st"])


# the file of the Inception network


def test_inception_features__are_the_networks(inception: str) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)

    features = inception_features(inception, images)

    np.testing.assert_allclose(features[:, :3], images.mean(axis=(1, 2)) / 255, rtol=1e-4)


@pytest.mark.parametrize("kind", ["text", "state dict", "other arguments", "other result"])
def test_inception_features__other_files_are_refused(kind: str, tmp_path: Path) -> None:
    class Logits(torch.nn.Module):
        def forward(self, images: torch.Tensor, return_features: bool = False) -> torch.Tensor:
            return images.float()

    path = tmp_path / "file.pt"
    if kind == "text":
        path.write_text("weights")
    elif kind == "state dict":
        torch.save({"weight": torch.zeros(3)}, path)
    else:
        network = Logits() if kind == "other result" else torch.nn.Conv2d(3, 4, 3)
        torch.jit.script(network).save(str(path))

    with pytest.raises(EvaluateError, match=r"expected a TorchScript file") as error:
        inception_features(str(path), np.zeros((2, 8, 8, 3), dtype=np.uint8))

    assert str(path) in str(error.value)


def test_inception_digest__of_no_file_is_an_error_that_names_it() -> None:
    assert inception_digest(None) is None
    with pytest.raises(EvaluateError, match=r"absent\.pt cannot be read"):
        inception_digest("absent.pt")
