"""The grid of a sweep: its points, how the store holds them, and what is refused."""

import numpy as np
import pytest

from zpoints.cluster.cli.options import sweep_overrides
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.errors import ConfigError
from zpoints.pipeline.sweep.config import SweepConfig
from zpoints.pipeline.sweep.grid import column, grid_laws, law_of


def test_grid_for__the_default_has_the_components_that_vary() -> None:
    config = SweepConfig()

    assert dict(config.grid_for(64)) == {
        "law": ("pairwise", "uniform", "normal"),
        "K": (20, 50, 64),
        "fact": (0.3, 0.45, 0.6, 0.8, 1.0, 1.2),
    }
    assert config.grid_for(300)["K"] == (20, 50, 80, 120, 180, 256, 300)
    assert config.size == 3 * 7 * 6


def test_grid_for__the_default_leaves_parameters_that_stay_the_same_out() -> None:
    config = SweepConfig(parameters={"law": "normal", "core": True})

    assert list(config.grid_for(64)) == ["K", "fact"]


@pytest.mark.parametrize(
    ("generator", "grid", "count"),
    [
        ("uniform", {"b": [1.5, 12]}, 2),
        ("ellipse", {"K": [None, 4], "law": ["normal"], "core": [True, False]}, 4),
        ("grid", {"axes": [[0], [0, 1]], "space": ["pc", "original"]}, 4),
        ("conditional", {"selection": ["a", "b"], "base": [{"generator": "gaussian"}]}, 2),
    ],
)
def test_known_laws__are_those_of_the_product(generator: str, grid: dict, count: int) -> None:
    config = SweepConfig(generator=generator, grid=grid)

    laws = config.known_laws

    assert len(laws) == config.size == count
    assert {law.generator for law in laws} == {generator}
    assert config.grid is not None
    assert SweepConfig.model_validate(config.model_dump(mode="json")) == config


def test_config__values_are_those_that_the_generator_understands() -> None:
    assert SweepConfig(grid={"fact": [1, 0.5]}) == SweepConfig(grid={"fact": [1.0, 0.5]})


@pytest.mark.parametrize(
    ("values", "name", "expected", "kind"),
    [
        ({"K": [20, 50]}, "K", [20, 50], "i"),
        ({"K": [20, None]}, "K", [20.0, np.nan], "f"),
        ({"fact": [1, 0.5]}, "fact", [1.0, 0.5], "f"),
        ({"law": ["normal", "uniform"]}, "law", ["normal", "uniform"], "O"),
        ({"core": [True, False]}, "core", [True, False], "b"),
    ],
)
def test_column__has_the_type_of_the_values(
    values: dict, name: str, expected: list, kind: str
) -> None:
    found = column(list(grid_laws("ellipse", {}, values)), name)

    assert found.dtype.kind == kind
    np.testing.assert_array_equal(found, np.array(expected, dtype=found.dtype))


def test_column__lists_and_settings_by_name_are_json() -> None:
    laws = [law_of("grid", {"axes": axes}) for axes in ([0], [0, 3])]

    assert column(laws, "axes").tolist() == ["[0]", "[0, 3]"]


REFUSED = {
    "sweep.generator=foo": r"sweep\.generator: unknown generator 'foo'; choose one of uniform,",
    "sweep.generator=uniform": r"sweep\.grid: the generator uniform needs values .* it takes b",
    "sweep.grid={}": r"sweep\.grid: the generator ellipse needs values of a parameter",
    "sweep.grid={fact: [0.5, -1]}": r"sweep\.grid\.fact: expected more than 0.* \(got -1\)",
    "sweep.grid={K: [20.5]}": r"sweep\.grid\.K: expected a whole number",
    "sweep.grid={law: [flat]}": r"sweep\.grid\.law: expected pairwise, uniform or normal",
    "sweep.grid={fct: [1]}": r"grid\.fct: .*; did you mean sweep\.grid\.fact\? ellipse takes K",
    "sweep.grid={fact: 0.5}": r"sweep\.grid\.fact: expected a list",
    "sweep.grid={fact: []}": r"sweep\.grid\.fact: expected at least 1 value",
    "sweep.parameters.cor=true": r"\.cor: .*; did you mean sweep\.parameters\.core\?",
    "sweep.parameters.core=7": r"sweep\.parameters\.core: expected true or false",
    "sweep.grid={K: [20, 300]}": r"sweep\.grid\.K = 300 exceeds the train\.z_dim = 256",
    "sweep.grid={fact: [1, 2, 1.0]}": r"sweep\.grid: fact has 1\.0 twice; list each value once",
    "sweep.grid={generator: [uniform]}": r"sweep\.grid: generator cannot be set here",
    f"sweep.grid={{K: {[5] * 101}}}": r"sweep\.grid\.K: expected at most 100 values",
    f"sweep.grid={{K: {list(range(1, 51))}, fact: {list(range(1, 22))}}}": "1,050 points",
    "sweep.generator=grid sweep.grid={points: [1]}": r"sweep\.grid\.points: expected at least 2",
    "sweep.generator=conditional sweep.grid={base: [{generator: gaussian}]}": (
        r"sweep\.grid\.selection: must be set"
    ),
    "sweep.generator=conditional sweep.grid={selection: [hats]}": (
        r"unknown selection 'hats'; add it to analyze\.selections"
    ),
    "sweep.parameters={fact: 1} sweep.grid={fact: [1]}": "it is in sweep.parameters too",
}


@pytest.mark.parametrize("settings", REFUSED)
def test_config__refuses_a_grid_that_does_not_fit(settings: str) -> None:
    overrides = settings.replace(" sweep.", "\nsweep.").split("\n")

    with pytest.raises(ConfigError, match=REFUSED[settings]):
        override(RunConfig(), overrides)


def test_sweep_overrides__are_the_settings_of_the_options() -> None:
    given = ["K=20,null", "law=normal,uniform"]

    config = override(RunConfig(), sweep_overrides("ellipse", given)).sweep

    assert config.grid == {"K": (20, None), "law": ("normal", "uniform")}
    assert sweep_overrides(None, None) == []


def test_sweep_overrides__another_generator_starts_without_the_grid_of_the_file() -> None:
    file = override(RunConfig(), ["sweep.parameters={core: true}", "sweep.grid={fact: [1]}"])

    config = override(file, sweep_overrides("uniform", ["b=3"])).sweep

    assert (config.generator, config.parameters, config.grid) == ("uniform", {}, {"b": (3.0,)})


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        (["fact"], "expected NAME=VALUE,VALUE"),
        (["=1"], "expected NAME=VALUE,VALUE"),
        (["fact="], "expected NAME=VALUE,VALUE"),
        (["fact=1", "fact=2"], "fact is there twice"),
        (["fact=[1"], "--grid fact"),
    ],
)
def test_sweep_overrides__refuse_what_is_no_grid(grid: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        sweep_overrides(None, grid)
