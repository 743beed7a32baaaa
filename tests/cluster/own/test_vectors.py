"""Vectors that were made elsewhere, from their file to the report: growth, changes, the page."""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import matplotlib
import numpy as np
import pytest

import zpoints as zp
from tests.cluster.cli.commands import zpoints
from tests.cluster.conftest import done
from tests.conftest import SilentConsole
from tests.shared import made_once
from zpoints.cluster.run import RunResult, run
from zpoints.cluster.run_plan import dry_run
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.errors import ConfigError, SourceError
from zpoints.pipeline.evaluate.held_out import choose_held_out
from zpoints.pipeline.evaluate.measures.frechet import frechet_distance
from zpoints.pipeline.evaluate.measures.neighbours import neighbourhoods
from zpoints.storage import QueryError, StoreNotFoundError, open_store
from zpoints.storage.verify.store import verify

ROWS, MORE, WIDTH, NAN_ROW = 300, 50, 6, 7
SMALL = [
    "encode.chunk=64",
    "sample.count=40",
    "sample.chunk=32",
    "sample.generators={gaussian: {generator: gaussian}, ellipse: {generator: ellipse}}",
    "analyze.selections={odd: odd}",
    "structure.clusters=3",
    "report.components=2",
    "report.leading=2",
    "report.scatter_points=60",
    "report.uniform_vectors=1000",
]


def write(folder: Path, rows: int) -> np.ndarray:
    """Vectors of which one has a NaN, and a table with a name and a label for each."""
    z = np.random.default_rng(5).normal(size=(ROWS + MORE, WIDTH)).astype(np.float32)[:rows]
    z[NAN_ROW, 2] = np.nan
    np.save(folder / "z.npy", z)
    lines = [f"v{k:04},{k % 2}" for k in range(rows)]
    (folder / "labels.csv").write_text("\n".join(["name,odd", *lines, ""]))
    return z


def configured(folder: Path, *more: str) -> RunConfig:
    given = [f"ingest.vectors={folder / 'z.npy'}", f"source.labels={folder / 'labels.csv'}"]
    return override(RunConfig(), [*given, *SMALL, *more])


def go(folder: Path, *more: str, until: str = "report") -> tuple[RunResult, list[str]]:
    console = SilentConsole()
    root = str(folder / "store")
    result = run(configured(folder, *more), root, console=console, title="own", until=until)
    return result, console.lines


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with vectors, their table, their store and its report; tests do not write to it."""

    def make(folder: Path) -> None:
        write(folder, ROWS)
        (folder / "lines").write_text("\n".join(go(folder)[1]))

    return made_once(tmp_path_factory, "imported-vectors", make)


@pytest.fixture
def folder(imported: Path, tmp_path: Path) -> Path:
    """A copy of that folder, whose vectors count as the same."""
    copy = tmp_path / "imported"
    shutil.copytree(imported, copy)
    return copy


def test_run__imports_vectors_with_names_and_labels(imported: Path) -> None:
    store, z = open_store(imported / "store"), np.load(imported / "z.npy")

    np.testing.assert_array_equal(store.latents["z"].values, z)
    assert store.latents["image"].values[:2].tolist() == ["v0000", "v0001"]
    assert store.latents["odd"].values.tolist() == [bool(k % 2) for k in range(ROWS)]
    assert store.groups == (
        *("latents", "quality/ellipse", "quality/gaussian", "quality/real"),
        *("samples/ellipse", "samples/gaussian", "selections/odd", "statistics", "structure"),
    )
    assert all(store.is_current(group) for group in store.groups)


def test_run__counts_vectors_with_nan_and_describes_the_others(imported: Path) -> None:
    statistics, z = open_store(imported / "store").statistics, np.load(imported / "z.npy")

    finite = np.delete(z, NAN_ROW, axis=0).astype(np.float64)
    assert int(statistics["nan_rows"]) == 1
    np.testing.assert_allclose(statistics["mean"], finite.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(statistics["covariance"], np.cov(finite.T), atol=1e-12)


def test_run__samples_of_vectors_have_no_pixels(imported: Path) -> None:
    samples = open_store(imported / "store").samples("ellipse")

    assert sorted(samples.data_vars) == ["v", "z"]
    assert np.isfinite(samples["z"].values).all()


def test_run__measures_drawn_vectors_against_held_out_ones(imported: Path) -> None:
    store = zp.open(str(imported / "store"))
    compared, quality = store.compare("all"), store.quality("ellipse")

    assert compared.index.name == "vectors"
    assert list(compared.index) == ["real", "gaussian", "ellipse"]  # by merit
    names = {"precision", "recall", "density", "coverage", "frechet", "c2st", "violations"}
    assert names <= set(compared)
    assert not {"swd", "round_trip", "face_rate"} & set(compared)
    held_out = choose_held_out(store.latents, 1000, fewest=12, seed=0)
    assert quality.attrs["held_out"] == held_out.kind == "test and validation"
    reference = store.latents["z"].values[np.sort(held_out.reference)]
    drawn = store.samples("ellipse")["z"].values[: len(reference)]
    expected = neighbourhoods(reference, drawn, 5)
    assert float(quality["recall"]) == expected["recall"].value
    assert float(quality["frechet"]) == pytest.approx(frechet_distance(reference, drawn))
    radii = quality["mahalanobis_radius"].values
    assert float(quality["mahalanobis"]) == pytest.approx(radii.mean(), rel=1e-6)


def test_verify__finds_no_fault_in_imported_vectors(imported: Path) -> None:
    assert verify(str(imported / "store")).findings == ()


class _Text(HTMLParser):
    """The text of a page, and the ids of its sections."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.sections: list[str] = []
        self._style = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        if tag == "section":
            self.sections.append(str(dict(attrs)["id"]))

    def handle_data(self, data: str) -> None:
        self.texts += [] if self._style else [data]


def test_report__of_vectors_has_their_sections_and_no_word_of_faces(imported: Path) -> None:
    page = _Text((imported / "store/report/index.html").read_text())
    text = " ".join(page.texts)

    assert page.sections == [
        *("answer", "claims", "distributions", "structure", "spread", "quality", "region"),
        *("attributes", "generated", "run"),
    ]
    assert re.findall(r"(?i)\b(?:face|photograph|image|pixel|reconstruct|decod)\w*", text) == []
    assert "All vectors" in text
    assert "Are vectors drawn inside the region like the stored ones?" in text
    assert "Yes: " in text
    assert "share of the drawn vectors" in text
    assert "vectors with NaN, left out" in text
    figures = [path.stem for path in (imported / "store/report/figures").iterdir()]
    assert {"claims-components", "pairs-pca", "probes", "radii"} <= set(figures)


def test_open__answers_questions_about_imported_vectors(imported: Path) -> None:
    store, z = zp.open(str(imported / "store")), np.load(imported / "z.npy")

    assert store.query("odd").sizes["image"] == ROWS // 2
    assert store.project(z[:3]).shape == (3, WIDTH)
    assert store.draw("ellipse", 4, where="odd").z.shape == (4, WIDTH)
    nearest = store.neighbours("v0003", 1)
    distances = np.linalg.norm(z - z[3], axis=1)
    distances[[3, NAN_ROW]] = np.inf
    assert int(nearest["row"].values[0]) == int(distances.argmin())
    assert [claim.number for claim in store.claims] == [*range(1, 13), *range(14, 18)]
    with matplotlib.rc_context({"backend": "agg"}):
        assert zp.pl.pairs(store, (0, 1)).axes
    with pytest.raises(StoreNotFoundError, match="has no network"):
        store.decode(z[:1]).compute()
    with pytest.raises(StoreNotFoundError, match="imported without photographs"):
        zp.pl.faces(store)


def test_run__of_the_same_vectors_does_nothing(folder: Path) -> None:
    (folder / "z.npy").touch()

    result, _ = go(folder, f"ingest.vectors={folder / 'z.npy'}", until="structure")

    assert done(result) == []


def test_run__more_vectors_are_appended_and_their_statistics_merged(folder: Path) -> None:
    z = write(folder, ROWS + MORE)

    planned = dry_run(
        configured(folder), str(folder / "store"), console=SilentConsole(), title="", until="import"
    )
    result, lines = go(folder, until="analyze")

    assert planned[0].reason == f"vectors: {MORE} new"
    assert done(result) == ["latents", "statistics", "selections/odd"]
    assert f"{ROWS} vectors stored already, {MORE} new." in lines
    assert f"statistics: {ROWS} vectors grow by {MORE}." in lines
    np.testing.assert_array_equal(result.store.latents["z"].values, z)
    finite = np.delete(z, NAN_ROW, axis=0).astype(np.float64)
    np.testing.assert_allclose(result.store.statistics["covariance"], np.cov(finite.T), atol=1e-12)


@pytest.mark.parametrize(
    ("rows", "changed", "message"),
    [
        (ROWS, 9, "1 vector changed, first in row 9. Expected the stored vectors"),
        (ROWS - 3, None, "3 vectors removed from the end"),
        (ROWS + MORE, 9, "1 vector changed, first in row 9"),
    ],
)
def test_run__changed_and_removed_vectors_are_an_error_unless_followed(
    rows: int, changed: int | None, message: str, folder: Path
) -> None:
    z = write(folder, rows)
    if changed is not None:
        z[changed, 0] = 3
        np.save(folder / "z.npy", z)

    with pytest.raises(SourceError, match=message):
        go(folder, until="analyze")
    result, _ = go(folder, "source.on_change=reencode", until="import")

    assert done(result) == ["latents"]
    np.testing.assert_array_equal(result.store.latents["z"].values, z)


def test_run__changed_labels_are_stored_and_vectors_kept(folder: Path) -> None:
    table = folder / "labels.csv"
    table.write_text(table.read_text().replace("v0000,0", "v0000,1"))

    result, lines = go(folder, until="analyze")

    assert done(result) == ["latents", "statistics", "selections/odd"]
    assert f"{ROWS} vectors stored already, 0 new." in lines
    assert bool(result.store.latents["odd"].sel(image="v0000"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            ["sweep.grid={K: [3, 9]}"],
            r"sweep.grid.K = 9 exceeds the 6 components of .*z.npy; lower it",
        ),
        (["sample.generators={e: {generator: ellipse, K: 7}}"], "e.K = 7 exceeds the 6 components"),
        (["analyze.pairs.original=[[0, 6]]"], "invalid component 6; expected 0 to 5"),
    ],
)
def test_run__settings_that_do_not_fit_the_vectors_fail_before_anything_is_stored(
    settings: list[str], message: str, tmp_path: Path
) -> None:
    write(tmp_path, 20)

    with pytest.raises(ConfigError, match=message):
        dry_run(
            configured(tmp_path, *settings),
            str(tmp_path / "store"),
            console=SilentConsole(),
            title="",
        )


def test_run__a_query_of_a_missing_label_fails_before_the_analysis(tmp_path: Path) -> None:
    write(tmp_path, 20)

    with pytest.raises(QueryError, match=r"analyze.selections.odd: .*even"):
        go(tmp_path, "analyze.selections={odd: even}")

    assert open_store(tmp_path / "store").groups == ("latents",)


def test_import__dry_run_describes_vectors_and_creates_no_store(tmp_path: Path) -> None:
    write(tmp_path, 60)

    shown = zpoints(
        *("import", "z.npy", "--root", "store", "--labels", "labels.csv", "--dry-run"),
        *("--set", "choose=[train.z_dim]", "--set", "sample.generators.box={generator: uniform}"),
        folder=tmp_path,
    )

    assert shown.returncode == 0, shown.stderr
    assert "60 vectors of 6 components, float32." in shown.stdout
    assert "named by the column name" in shown.stdout
    assert "MiB of disk" in shown.stdout
    assert "on one core of this machine, by a pass over random vectors" in shown.stdout
    assert "choose is not used for vectors: train.z_dim." in shown.stdout
    assert "7 in samples/" in shown.stdout  # the six of the preset `vectors`, and box
    assert not (tmp_path / "store").exists()


def test_run__vectors_do_not_replace_latents_of_photographs(
    folder: Path, first_night: Path
) -> None:
    with pytest.raises(ConfigError, match="latents that were encoded from photographs"):
        dry_run(configured(folder), str(first_night / "store"), console=SilentConsole(), title="")


@pytest.mark.parametrize("width", [2, 5000])
def test_run__vectors_of_any_width_are_imported(width: int, tmp_path: Path) -> None:
    z = np.random.default_rng(0).normal(size=(40, width)).astype(np.float32)
    np.save(tmp_path / "z.npy", z)
    (tmp_path / "labels.csv").write_text("odd\n" + "0\n1\n" * 20)

    result, lines = go(tmp_path, until="import" if width > 9 else "sample")

    np.testing.assert_array_equal(result.store.latents["z"].values, z)
    assert any("square of the components" in line for line in lines) == (width > 4096)


def test_run__leaves_out_generators_that_need_more_vectors(tmp_path: Path) -> None:
    np.save(tmp_path / "z.npy", np.random.default_rng(0).normal(size=(3, 4)))
    fitted = ("gaussian_mixture", "radial_mixture", "flow", "neighbours")
    generators = ", ".join(f"{name}: {{generator: {name}}}" for name in fitted)

    _, lines = go(
        tmp_path,
        *("source.labels=null", "analyze.selections={}", f"sample.generators={{{generators}}}"),
        until="evaluate",
    )

    left_out = open_store(tmp_path / "store").left_out
    assert {"gaussian_mixture", "flow"} <= set(left_out)
    assert "cannot fit 5 parts to" in left_out["gaussian_mixture"]
    assert all(any(reason in line for line in lines) for reason in left_out.values())
