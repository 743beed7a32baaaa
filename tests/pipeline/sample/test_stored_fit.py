"""Fits to a store, which laws of other temperatures and radii share."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import SilentConsole
from zpoints.cluster.run import run
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.sample.laws.fitted.gaussian_mixture import GaussianMixture
from zpoints.pipeline.sample.laws.law import ModeratedSampler
from zpoints.pipeline.sample.stored_fit import fit_to_store
from zpoints.storage import Store

LAW = GaussianMixture(parts=2)
RARE = GaussianMixture(parts=2, temperature=0.5, radius=0.4)


def imported(folder: Path, rows: int) -> Store:
    z = np.random.default_rng(0).normal(size=(rows, 4)).astype(np.float32)
    np.save(folder / "z.npy", z)
    config = override(RunConfig(), [f"ingest.vectors={folder / 'z.npy'}"])
    root = str(folder / "store")
    return run(config, root, console=SilentConsole(), title="", until="analyze").store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return imported(tmp_path_factory.mktemp("fits"), 300)


def test_fit_to_store__laws_of_other_temperature_and_radius_share_a_fit(store: Store) -> None:
    plain, statistics = fit_to_store(LAW, store)
    moderated, _ = fit_to_store(RARE, store)

    assert isinstance(moderated, ModeratedSampler)
    assert moderated.law is plain
    expected = RARE.fit(statistics, store.latents)
    drawn = (sampler.draw(np.random.default_rng(1), range(50)) for sampler in (moderated, expected))
    np.testing.assert_array_equal(*drawn)


def test_fit_to_store__other_parameters_have_a_fit_of_their_own(store: Store) -> None:
    one, two = (fit_to_store(GaussianMixture(parts=parts), store)[0] for parts in (1, 2))

    assert str(one.constraint) != str(two.constraint)


def test_fit_to_store__new_vectors_are_fitted_again(tmp_path: Path) -> None:
    before, _ = fit_to_store(LAW, imported(tmp_path, 300))
    after, _ = fit_to_store(LAW, imported(tmp_path, 400))

    assert before is not after
