"""The sweep as a stage: its points, strips of images, vectors without a network, repetition."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
import xarray as xr

from tests.conftest import SilentConsole
from tests.grey import grey as grey
from tests.grey import inception as inception
from zpoints.cluster.run import run
from zpoints.cluster.run_plan import dry_run
from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.evaluate.held_out import choose_held_out
from zpoints.pipeline.evaluate.measures.neighbours import neighbourhoods
from zpoints.pipeline.network.serving import load_network
from zpoints.pipeline.sample import draw, draw_rows, generator
from zpoints.storage import Store, open_store
from zpoints.storage.schema.attributes import nested

ROWS, WIDTH, VARYING = 200, 5, 4


def go(config: RunConfig, root: str, *, until: str = "sweep") -> list[str]:
    """Run and return what was made."""
    result = run(config, root, console=SilentConsole(), title="t", until=until)
    return [outcome.target for outcome in result.outcomes if outcome.seconds is not None]


# images: one run of grey photographs, K of 20 and null


def test_sweep__has_every_point_of_the_grid(grey: tuple[RunConfig, str]) -> None:
    sweep = open_store(grey[1]).sweep

    assert sweep.sizes["point"] == 3 * 2 * 2
    assert sweep["law"].values.tolist() == ["pairwise"] * 4 + ["uniform"] * 4 + ["normal"] * 4
    np.testing.assert_array_equal(sweep["K"], [20, 20, np.nan, np.nan] * 3)
    np.testing.assert_array_equal(sweep["fact"], [0.5, 0.7] * 6)
    assert "full width at half maximum" in sweep["fact"].attrs["long_name"]
    assert sweep.attrs["generator"] == "ellipse"
    assert nested(sweep.attrs, "parameters") == {
        "temperature": 1,
        "radius": None,
        "widths": "hw",
        "core": False,
        "pca": "all",
    }
    for name in ("round_trip", "precision", "recall", "coverage", "face_rate"):
        assert np.isfinite(sweep[name]).all()
        assert np.isfinite(sweep[f"{name}_error"]).all()
    wide = sweep["fact"].values == 0.7
    assert sweep["round_trip"].values[wide].mean() > sweep["round_trip"].values[~wide].mean()


def test_sweep__keeps_the_first_images_of_the_same_random_numbers(
    grey: tuple[RunConfig, str],
) -> None:
    store = open_store(grey[1])
    network = load_network(store.root, store.version, "cpu")
    law = generator("ellipse", law="normal", K=20, fact=0.7)

    z, _ = draw_rows(law.fit(store.statistics), Basis.from_statistics(store.statistics), 0, 0, 4)

    assert store.sweep["pixels"].dims == ("point", "image", "y", "x", "channel")
    strip = store.sweep["pixels"][9].values  # law normal, K 20, fact 0.7
    assert np.abs(strip.astype(int) - network.decode(z)).max() <= 1


@pytest.mark.slow
def test_sweep__is_in_the_report_and_is_not_repeated_when_up_to_date(
    grey: tuple[RunConfig, str],
) -> None:
    config, root = grey
    figures = Path(root) / "report" / "figures"

    assert (figures / "frontier.png").is_file()
    assert go(config, root, until="report") == []
    assert go(override(config, ["sweep.enabled=false"]), root, until="report") == []
    other = override(config, ["sweep.grid={fact: [0.5]}"])
    assert go(other, root, until="evaluate") == []
    assert go(other, root) == ["sweep"]
    (planned,) = (
        item
        for item in dry_run(config, root, console=SilentConsole(), title="t", until="sweep")
        if item.reason
    )
    assert planned.reason.startswith("sweep.grid: {fact: [0.5]} -> {")


# vectors without images, in seconds


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunConfig, str]:
    """The configuration and the store of vectors in a subspace, before the sweep."""
    folder = tmp_path_factory.mktemp("vectors")
    rng = np.random.default_rng(5)
    mixing = rng.normal(size=(WIDTH, WIDTH))
    mixing[:, VARYING:] = 0
    np.save(folder / "z.npy", (rng.normal(size=(ROWS, WIDTH)) @ mixing).astype(np.float32))
    rows = "".join(f"v{k},{k % 2}\n" for k in range(ROWS))
    (folder / "labels.csv").write_text(f"name,odd\n{rows}")
    settings = [
        f"ingest.vectors={folder / 'z.npy'}",
        f"source.labels={folder / 'labels.csv'}",
        "analyze.selections={odd: odd, even: not odd}",
        "sample.generators={}",
        "sweep.enabled=true",
        "sweep.count=60",
        "structure.clusters=2",
    ]
    config = override(RunConfig(), settings)
    go(config, str(folder / "store"), until="structure")
    return config, str(folder / "store")


@pytest.fixture
def swept(vectors: tuple[RunConfig, str], tmp_path: Path) -> Callable[..., Store]:
    """Makes a sweep in a copy of that store."""

    def make(*settings: str) -> Store:
        root = copytree(vectors[1], tmp_path / str(len(list(tmp_path.iterdir()))))
        go(override(vectors[0], settings), str(root))
        return open_store(root)

    return make


def test_sweep__of_vectors_compares_them_with_held_out_ones(swept: Callable[..., Store]) -> None:
    store = swept("sweep.generator=uniform", "sweep.grid={b: [1, 3]}")

    sweep = store.sweep
    assert set(sweep.data_vars) >= {"precision", "recall", "density", "coverage"}
    assert not {"pixels", "round_trip", "face_rate"} & set(sweep.variables)
    rows = np.sort(choose_held_out(store.latents, 60, fewest=12, seed=0).reference)
    reference = store.latents["z"].values[rows]
    for point, b in enumerate((1, 3)):
        drawn = draw("uniform", store.statistics, len(rows), paired=True, b=b)["z"].values
        for name, expected in neighbourhoods(reference, drawn, 5).items():
            assert float(sweep[name][point]) == expected.value
            assert float(sweep[f"{name}_error"][point]) == expected.error


@pytest.mark.parametrize(
    ("settings", "columns"),
    [
        (
            "sweep.generator=gaussian_mixture\nsweep.grid={parts: [1, 2], vectors: [100, 150]}",
            {"parts": [1, 1, 2, 2], "vectors": [100, 150, 100, 150]},
        ),
        (
            "sweep.generator=conditional\n"
            "sweep.grid={selection: [odd, even], base: [{generator: gaussian}]}",
            {
                "selection": ["odd", "even"],
                "base": ['{"generator": "gaussian", "temperature": 1.0, "radius": null}'] * 2,
            },
        ),
        (
            "sweep.generator=grid\nsweep.grid={axes: [[0], [0, 1]]}",
            {"axes": ["[0]", "[0, 1]"]},
        ),
        (
            "sweep.grid={K: [2, null], core: [true, false]}",
            {"K": [2, 2, np.nan, np.nan], "core": [True, False] * 2},
        ),
    ],
)
def test_sweep__of_any_generator_stores_its_parameters(
    settings: str, columns: dict, swept: Callable[..., Store]
) -> None:
    sweep = swept(*settings.split("\n")).sweep

    for name, expected in columns.items():
        np.testing.assert_array_equal(sweep[name].values, expected)
    assert np.isfinite(sweep["precision"]).all()


def test_sweep__the_default_follows_from_the_vectors(swept: Callable[..., Store]) -> None:
    sweep = swept("sweep.count=20").sweep

    assert sweep.sizes["point"] == 3 * 6
    assert set(sweep["K"].values.tolist()) == {VARYING}


def test_sweep__refuses_what_cannot_be_fitted_before_any_task(
    swept: Callable[..., Store],
) -> None:
    with pytest.raises(SampleError, match=r"sweep\.grid, at K = 5: .* vary along 4 only"):
        swept("sweep.grid={K: [2, 5]}")


def test_sweep__names_the_point_that_a_task_cannot_fit(swept: Callable[..., Store]) -> None:
    with pytest.raises(SampleError, match=r"sweep\.grid, at parts = 300: .*cannot fit 300 parts"):
        swept("sweep.generator=gaussian_mixture", "sweep.grid={parts: [2, 300]}")


class Stopping(SilentConsole):
    """Stops the run once a point of the sweep is written."""

    @contextmanager
    def bar(self, label: str, *, total: int, unit: str) -> Iterator[Callable[..., None]]:
        def advance(done: int, note: str) -> None:
            if label == "sweep" and done >= 1:
                raise KeyboardInterrupt

        yield advance


class Counting(SilentConsole):
    """Records the progress of the sweep."""

    def __init__(self) -> None:
        super().__init__()
        self.progress: list[int] = []

    @contextmanager
    def bar(self, label: str, *, total: int, unit: str) -> Iterator[Callable[..., None]]:
        def advance(done: int, note: str) -> None:
            self.progress += [done] * (label == "sweep")

        yield advance


@pytest.mark.slow
def test_sweep__continues_after_an_interruption(
    vectors: tuple[RunConfig, str], swept: Callable[..., Store], tmp_path: Path
) -> None:
    grid = "sweep.grid={fact: [0.4, 0.6, 0.8], law: [uniform, normal]}"
    undisturbed = swept(grid).sweep
    config = override(vectors[0], [grid, "cluster.workers=1"])
    root = str(copytree(vectors[1], tmp_path / "stopped"))

    with pytest.raises(KeyboardInterrupt):
        run(config, root, console=Stopping(), title="t", until="sweep")
    console = Counting()
    run(config, root, console=console, title="t", until="sweep")

    assert console.progress[0] >= 1
    assert console.progress[-1] == 6
    xr.testing.assert_identical(
        open_store(root).sweep.load().drop_attrs(), undisturbed.load().drop_attrs()
    )
