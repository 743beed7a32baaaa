"""Vectors along axes and from generators, and the Python that gives the same."""

import numpy as np
import pytest

import zpoints as zp
from tests.pipeline.explore.test_selection import results
from zpoints.pipeline.explore.generation.drawing import (
    Setting,
    draw_setting,
    measure,
    setting_code,
    settings_of,
    stored_quality,
)
from zpoints.pipeline.explore.generation.leading_axes import LeadingAxes, axes_code
from zpoints.pipeline.explore.generation.parameters import parameters_of
from zpoints.pipeline.latent_space.stored import LatentStore
from zpoints.pipeline.sample.region import pair_violations
from zpoints.pipeline.sample.registry import GENERATORS


@pytest.fixture(scope="module")
def store(small_root: str) -> LatentStore:
    return zp.open(small_root)


def test_leading_axes__stay_inside_the_region_of_the_generator(store: LatentStore) -> None:
    axes = LeadingAxes.of(store.statistics)
    wanted = np.full(10, 9.0)

    held = axes.random_inside(4)
    for moved in range(10):
        held = axes.held_inside(np.where(np.arange(10) == moved, wanted, held), moved)

    assert axes.violations(held) == 0
    assert axes.violations(wanted) == 45
    z = axes.vector(held)
    np.testing.assert_allclose(axes.steps_of(z), held, atol=1e-8)
    assert pair_violations(z[None], store.statistics, K=10, fact=0.7 + 1e-9).tolist() == [0]
    assert LeadingAxes.of(store.statistics, level=2.2).limits.tolist() == [2.2] * 10


@pytest.mark.parametrize("named", [False, True])
def test_axes_code__decodes_the_same_image(store: LatentStore, named: bool) -> None:
    axes = LeadingAxes.of(store.statistics)
    name = str(store.latents.image.values[3]) if named else None
    start = store.latents.z[3].values.astype(float) if named else None
    steps = axes.random_inside(1)

    z = axes.vector(steps, start)

    image = results(axes_code(store, steps, name))["image"]
    assert np.abs(store.decode(z).values.astype(int) - image.values).max() <= 1
    if named:
        np.testing.assert_allclose(axes.vector(axes.steps_of(start), start), start, atol=1e-8)


@pytest.mark.parametrize(
    "setting",
    [
        Setting("ellipse", {"K": 5, "temperature": 0.5}, seed=3),
        Setting("gaussian_mixture", {"parts": 2}),
        Setting("multivariate_normal", {}, 1, "Smiling"),
    ],
    ids=lambda setting: setting.generator,
)
def test_draw_setting__draws_what_its_code_draws(store: LatentStore, setting: Setting) -> None:
    drawn = draw_setting(store, setting, 6)

    found = results(setting_code(store, setting, 6))
    np.testing.assert_array_equal(drawn.z, found["drawn"].z)
    assert found["images"].shape[0] == 6


def test_settings_of__are_those_of_the_samples_and_all_laws(store: LatentStore) -> None:
    found = settings_of(store)

    assert found["ellipse (stored)"] == Setting("ellipse")
    assert set(GENERATORS) - {"conditional"} <= set(found)
    quality = stored_quality(store, found["ellipse (stored)"])
    assert quality is not None
    assert quality.name == "ellipse"
    assert stored_quality(store, Setting("ellipse", {"fact": 2.0})) is None


def test_measure__tells_noise_and_copies_from_draws(store: LatentStore) -> None:
    def measured(z: np.ndarray) -> dict[str, float]:
        return {m.name: m.value / m.reference for m in measure(store, z)}

    latents = store.latents.z.values
    noise, copies = measured(latents[:24] * 20), measured(np.repeat(latents[:1], 24, axis=0))

    assert noise["Mahalanobis radius"] > 3
    assert noise["nearest"] > 3
    assert copies["nearest"] == 0
    assert copies["diversity"] == 0
    assert set(noise) == {"Mahalanobis radius", "nearest", "diversity"}


def test_parameters_of__have_the_ranges_and_choices_of_the_models() -> None:
    ellipse = {parameter.name: parameter for parameter in parameters_of("ellipse")}

    assert (ellipse["K"].kind, ellipse["K"].least, ellipse["K"].optional) == ("whole", 1, True)
    assert ellipse["law"].choices == ("pairwise", "uniform", "normal")
    assert (ellipse["radius"].most, ellipse["core"].kind) == (1, "flag")
    for name, model in GENERATORS.items():
        given = {p.name: p.default for p in parameters_of(name) if p.name != "selection"}
        extra = {"selection": "any"} if name == "conditional" else {}
        assert model(generator=name, **given, **extra)
