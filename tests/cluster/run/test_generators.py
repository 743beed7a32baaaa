"""Generators in a run: conditional on a selection, between stored images, on a grid."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.cluster.conftest import configured, done, go
from tests.shared import made_once
from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.errors import ConfigError, SampleError
from zpoints.pipeline.sample import draw_rows, generator
from zpoints.storage import open_store


def drawing_config(config: RunConfig, root: Path) -> RunConfig:
    names = open_store(root).latents["image"].values
    generators = {
        "smiling": {
            "generator": "conditional",
            "selection": "smiling",
            "base": {"generator": "ellipse", "K": 20},
        },
        "between": {"generator": "path", "points": 7, "between": [str(names[3]), str(names[5])]},
        "plane": {"generator": "grid", "points": 6},
    }
    return override(
        config,
        ["analyze.selections={smiling: Smiling}", f"sample.generators={generators}"],
    )


@pytest.fixture(scope="session")
def drawn_night(first_night: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the first night, with samples of the generators above in its store."""

    def make(home: Path) -> None:
        shutil.copytree(first_night, home, dirs_exist_ok=True)
        config = drawing_config(configured(home / "tree"), home / "store")
        go(config, home / "store", until="sample")

    return made_once(tmp_path_factory, "drawn", make)


@pytest.fixture
def root(drawn_night: Path, tmp_path: Path) -> Path:
    """A store with these samples."""
    return Path(shutil.copytree(drawn_night / "store", tmp_path / "store"))


@pytest.fixture
def drawing(config: RunConfig, root: Path) -> RunConfig:
    return drawing_config(config, root)


def test_run__draws_conditionals_paths_and_grids(drawing: RunConfig, root: Path) -> None:
    store = open_store(root)

    assert store.sample_names == ("between", "plane", "smiling")
    sizes = {name: store.samples(name).sizes["sample"] for name in store.sample_names}
    assert sizes == {"between": 7, "plane": 36, "smiling": drawing.sample.count}
    selection = store.selection("smiling").load()
    law = generator("conditional", selection="smiling", base={"generator": "ellipse", "K": 20})
    basis = Basis.from_statistics(selection)
    again, _ = draw_rows(law.fit(selection), basis, drawing.sample.seed, 0, 10, name="smiling")
    np.testing.assert_array_equal(again, store.samples("smiling")["z"][:10])
    ends = store.samples("between")["z"].values[[0, -1]]
    np.testing.assert_allclose(ends, store.latents["z"].values[[3, 5]], atol=1e-5)
    assert done(go(drawing, root, until="sample")[0]) == []


@pytest.mark.slow
def test_run__draws_all_default_generators(
    config: RunConfig, first_night: Path, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(first_night / "store", tmp_path / "first"))
    defaults = RunConfig().sample.generators
    few = config.sample.model_copy(update={"generators": defaults})

    result, _ = go(config.model_copy(update={"sample": few}), root, until="sample")

    assert set(result.store.sample_names) == set(defaults)
    for name in defaults:
        samples = result.store.samples(name)
        assert np.isfinite(samples["z"]).all()
        assert samples["pixels"].values.std() > 0


def test_run__a_changed_query_draws_its_conditional_again(drawing: RunConfig, root: Path) -> None:
    changed = override(drawing, ["analyze.selections.smiling=not Smiling"])

    assert done(go(changed, root, until="sample")[0]) == ["selections/smiling", "samples/smiling"]


def test_config__refuses_generators_that_cannot_be_fitted(drawing: RunConfig) -> None:
    with pytest.raises(ConfigError, match=r"smiling.selection: unknown selection 'smiling'"):
        override(drawing, ["analyze.selections={}"])
    with pytest.raises(ConfigError, match=r"smiling.base.K = 400 exceeds the train.z_dim"):
        override(drawing, ["sample.generators.smiling.base.K=400"])
    with pytest.raises(ConfigError, match=r"plane.axes: invalid component 112"):
        override(drawing, ["sample.generators.plane.axes=[112]"])


def test_run__names_the_generator_that_cannot_be_fitted(drawing: RunConfig, root: Path) -> None:
    wrong = override(drawing, ["sample.generators.between.between=[a.jpg, b.jpg]"])

    with pytest.raises(SampleError, match=r"^sample.generators.between: .* join 'a.jpg'"):
        go(wrong, root, until="sample")
