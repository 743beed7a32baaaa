"""Vectors that have photographs: how they are matched, stored, grown and shown."""

import shutil
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image

import zpoints as zp
from tests.cluster.cli.commands import zpoints
from tests.cluster.conftest import done
from tests.conftest import SilentConsole
from tests.shared import made_once
from zpoints.cluster.run import RunResult, dry_run, run
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.errors import ConfigError, SourceError
from zpoints.storage import open_store
from zpoints.storage.verify.store import verify

ROWS, MORE, WIDTH, SIDE = 70, 20, 4, 32
SMALL = [
    *("encode.chunk=32", "ingest.chunk=32", "ingest.crop=null", f"ingest.side={SIDE}"),
    *("sample.count=30", "sample.generators={gaussian: {generator: gaussian}}"),
    *("structure.clusters=3", "report.components=2", "report.leading=2"),
    *("report.scatter_points=60", "report.uniform_vectors=1000"),
]


def photograph(number: int) -> np.ndarray:
    """A grey square of its own brightness, (y, x, channel)."""
    return np.full((40, 40, 3), 2 * number, np.uint8)


def vectors(rows: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(ROWS + MORE, WIDTH)).astype(np.float32)[:rows]


def write(folder: Path, rows: int, *, others: int = 0) -> None:
    """Vectors, their table in an order of its own, and photographs with some others."""
    np.save(folder / "z.npy", vectors(rows))
    lines = [f"{stem(k)},{k % 2}" for k in range(rows)]
    (folder / "labels.csv").write_text("\n".join(["name,odd", *lines, ""]))
    (folder / "photographs").mkdir(exist_ok=True)
    for number in range(rows + others):
        Image.fromarray(photograph(number)).save(folder / f"photographs/{stem(number)}.png")


def stem(row: int) -> str:
    """Names whose order is not that of the rows."""
    return f"p{row * 37 % 1000:03}"


def configured(folder: Path, *more: str) -> RunConfig:
    given = [
        f"ingest.vectors={folder / 'z.npy'}",
        f"ingest.source={folder / 'photographs'}",
        f"source.labels={folder / 'labels.csv'}",
    ]
    return override(RunConfig(), [*given, *SMALL, *more])


def go(folder: Path, *more: str, until: str = "import") -> tuple[RunResult, list[str]]:
    console = SilentConsole()
    root = str(folder / "store")
    result = run(configured(folder, *more), root, console=console, title="own", until=until)
    return result, console.lines


def plan(folder: Path, *more: str) -> None:
    root = str(folder / "store")
    dry_run(configured(folder, *more), root, console=SilentConsole(), title="", until="import")


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with vectors, their photographs and their store; tests do not write to it."""

    def make(folder: Path) -> None:
        write(folder, ROWS, others=2)
        (folder / "lines").write_text("\n".join(go(folder)[1]))

    return made_once(tmp_path_factory, "vectors-with-photographs", make)


@pytest.fixture
def folder(imported: Path, tmp_path: Path) -> Path:
    """A copy of that folder."""
    return Path(shutil.copytree(imported, tmp_path / "imported"))


def assert_rows_agree(root: Path, rows: int) -> None:
    """Each row has its vector, its photograph and its labels under one name."""
    store = open_store(root)
    np.testing.assert_array_equal(store.latents["z"].values, vectors(rows))
    names = [f"{stem(k)}.png" for k in range(rows)]
    assert store.images["image"].values.tolist() == store.latents["image"].values.tolist() == names
    shown = store.images["pixels"].values
    assert shown[:, 0, 0, 0].tolist() == [2 * k for k in range(rows)]
    for group in (store.images, store.latents):
        assert group["odd"].values.tolist() == [bool(k % 2) for k in range(rows)]


def test_run__stores_the_photograph_of_each_vector_under_its_name(imported: Path) -> None:
    lines = (imported / "lines").read_text()

    assert_rows_agree(imported / "store", ROWS)
    assert "Each vector has its photograph, of the same name: row 0 is p000.png." in lines
    assert "2 photographs without a vector left out." in lines
    assert verify(str(imported / "store")).findings == ()


def test_run__vectors_are_in_the_splits_of_their_photographs(imported: Path) -> None:
    store = open_store(imported / "store")

    for split in ("train", "test"):
        chosen = [
            store.query(f"split == '{split}'", group=group)["image"].values.tolist()
            for group in ("images", "latents")
        ]
        assert chosen[0] == chosen[1] != []


def test_neighbours__of_vectors_are_shown_by_their_photographs(imported: Path) -> None:
    store = zp.open(imported / "store")

    near = store.neighbours(f"{stem(3)}.png", 4)
    shown = store.images.sel(image=near["image"].values)

    distances = np.linalg.norm(vectors(ROWS) - vectors(ROWS)[3], axis=1)
    expected = np.argsort(distances)[1:5]
    assert shown["pixels"].values[:, 0, 0, 0].tolist() == (2 * expected).tolist()
    with matplotlib.rc_context({"backend": "agg"}):
        assert zp.pl.faces(shown).axes
    assert "<img" in store._repr_html_()


def test_run__appends_vectors_with_their_photographs(folder: Path) -> None:
    write(folder, ROWS + MORE)

    result, lines = go(folder)

    assert done(result) == ["images", "latents"]
    assert f"{ROWS} vectors stored already, {MORE} new." in lines
    assert f"{ROWS} photographs stored already, {MORE} to be read." in lines
    assert_rows_agree(folder / "store", ROWS + MORE)
    assert result.store.lineage("images") == open_store(folder / "store").lineage("images")
    before = open_store(folder / "store", version="previous")
    assert result.store.lineage("latents") == before.lineage("latents")
    again, _ = go(folder)
    assert done(again) == []


def test_run__without_names_photographs_belong_to_vectors_in_sorted_order(tmp_path: Path) -> None:
    write(tmp_path, 30)
    result, lines = go(tmp_path, "source.labels=null")

    assert result.store.latents["image"].values.tolist() == sorted(
        f"{stem(k)}.png" for k in range(30)
    )
    np.testing.assert_array_equal(result.store.latents["z"].values, vectors(30))
    assert any("in the order of their sorted names: row 0 is p000.png" in line for line in lines)


def test_run__labels_of_photographs_serve_where_vectors_have_no_table(tmp_path: Path) -> None:
    write(tmp_path, 30)
    (tmp_path / "labels.csv").rename(tmp_path / "photographs/labels.csv")

    store = go(tmp_path, "source.labels=null")[0].store

    odd = {f"{stem(k)}.png": bool(k % 2) for k in range(30)}
    for group in (store.images, store.latents):
        assert group["odd"].values.tolist() == [odd[name] for name in group["image"].values]


@pytest.mark.parametrize(
    ("missing", "labels", "message"),
    [
        (2, "{}/labels.csv", r"2 of the 30 vectors have no photograph \(p000, p037\) among 28"),
        (2, "null", "30 vectors have no names, and there are 28 photographs. Expected as many"),
    ],
)
def test_run__a_vector_without_a_photograph_is_an_error(
    missing: int, labels: str, message: str, tmp_path: Path
) -> None:
    write(tmp_path, 30)
    for number in range(missing):
        (tmp_path / f"photographs/{stem(number)}.png").unlink()

    with pytest.raises(SourceError, match=message):
        plan(tmp_path, f"source.labels={labels.format(tmp_path)}")


def test_run__vectors_that_share_a_photograph_are_an_error(tmp_path: Path) -> None:
    write(tmp_path, 30)
    table = tmp_path / "labels.csv"
    table.write_text(table.read_text().replace("p000,", "./p000,").replace("p037,", ".//p000,"))

    message = r"2 of the 30 vectors share a photograph \(\./p000: p000"
    with pytest.raises(SourceError, match=message):
        plan(tmp_path)


def test_run__an_unreadable_photograph_of_a_vector_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, 30)
    (tmp_path / f"photographs/{stem(7)}.png").write_bytes(b"\x89PNG\r\n\x1a\n damaged")

    with pytest.raises(SourceError, match=r"(?s)p259.png.*Each belongs to a vector"):
        go(tmp_path)


def test_run__stored_vectors_keep_their_photographs_unless_changes_are_followed(
    folder: Path,
) -> None:
    table = folder / "labels.csv"
    swapped = (
        table.read_text().replace("p000,", "x").replace("p037,", "p000,").replace("x", "p037,")
    )
    table.write_text(swapped)

    message = r"2 stored vectors would .* first in row 0: p000\.png before, p037\.png now"
    with pytest.raises(SourceError, match=message):
        plan(folder)
    store = go(folder, "source.on_change=reencode")[0].store

    names = ["p037.png", "p000.png"]
    assert store.images["image"].values[:2].tolist() == names
    assert store.latents["image"].values[:2].tolist() == names
    assert store.images["pixels"].values[:2, 0, 0, 0].tolist() == [2, 0]
    np.testing.assert_array_equal(store.latents["z"].values, vectors(ROWS))


def test_run__stored_photographs_are_not_dropped(folder: Path) -> None:
    with pytest.raises(ConfigError, match="holds photographs of its vectors"):
        plan(folder, "ingest.source=null")


def test_run__a_limit_of_photographs_does_not_fit_vectors(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"ingest\.limit chooses photographs"):
        configured(folder, "ingest.limit=10")


@pytest.mark.slow
def test_run__reports_the_photographs_nearest_to_drawn_vectors(folder: Path) -> None:
    result, _ = go(folder, until="report")

    page = (folder / "store/report/index.html").read_text()
    assert "Nearest photographs" in page
    assert "photographs of the stored vectors nearest to those of <code>" in page
    assert (folder / "store/report/figures/nearest-photographs.png").stat().st_size > 1000
    assert "quality/gaussian" in done(result)
    assert list(zp.open(folder / "store").compare().index) == ["real", "gaussian"]
    assert verify(str(folder / "store")).findings == ()
    exported = zp.open(folder / "store").export("images", folder / "out", form="png")
    assert len(list(exported.rglob("*.png"))) == ROWS


def test_import__chooses_how_photographs_are_cut(tmp_path: Path) -> None:
    write(tmp_path, 40)

    shown = zpoints(
        *("import", "z.npy", "--root", "store", "--labels", "labels.csv", "--dry-run"),
        *("--images", "photographs"),
        folder=tmp_path,
    )

    assert shown.returncode == 0, shown.stderr
    assert "ingest.side = 32" in shown.stdout
    assert "train.z_dim" not in shown.stdout
    assert "images" in shown.stdout
