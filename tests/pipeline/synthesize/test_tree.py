"""The tree: CelebA's file formats, bytes independent of count, splits by identity, refusals."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from zpoints.pipeline.errors import SynthesisError
from zpoints.pipeline.synthesize import draw_factors, render, synthesize
from zpoints.pipeline.synthesize.annotations import partition
from zpoints.pipeline.synthesize.attributes import attributes

COUNT = 50


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthesize(tmp_path_factory.mktemp("faces") / "tree", count=COUNT, seed=3).path


def table(path: Path, *, header: bool) -> pd.DataFrame:
    """Read an annotation file as CelebA's users do: by white space."""
    lines = path.read_text().splitlines()
    if header:
        assert int(lines[0]) == len(lines) - 2
    body = [line.split() for line in lines[2 if header else 0 :]]
    columns = ["name", *lines[1].split()] if header else ["name", "value"]
    return pd.DataFrame(body, columns=columns).set_index("name").astype(int)


def test_synthesize__writes_jpegs_of_celebas_size_and_names(tree: Path) -> None:
    files = sorted((tree / "img_align_celeba").iterdir())
    assert [file.name for file in files] == [f"{i:06d}.jpg" for i in range(1, COUNT + 1)]
    with Image.open(files[-1]) as image:
        assert (image.format, image.size, image.mode) == ("JPEG", (178, 218), "RGB")


def test_synthesize__stores_what_render_draws(tree: Path) -> None:
    drawn = render(draw_factors(COUNT, 3).iloc[[4]])[0].astype(float)
    with Image.open(tree / "img_align_celeba" / "000005.jpg") as image:
        assert np.abs(np.asarray(image, float) - drawn).mean() < 4


def test_synthesize__attributes_parse_as_celebas(tree: Path) -> None:
    lines = (tree / "list_attr_celeba.txt").read_text().splitlines()
    assert lines[0] == str(COUNT)
    assert len(lines[2]) == len("000001.jpg") + 3 * 40
    written = table(tree / "list_attr_celeba.txt", header=True)
    assert set(np.unique(written)) == {-1, 1}
    np.testing.assert_array_equal(written == 1, attributes(draw_factors(COUNT, 3)))


def test_synthesize__landmarks_parse_as_celebas(tree: Path) -> None:
    written = table(tree / "list_landmarks_align_celeba.txt", header=True)
    assert list(written.columns) == [
        *("lefteye_x", "lefteye_y", "righteye_x", "righteye_y", "nose_x", "nose_y"),
        *("leftmouth_x", "leftmouth_y", "rightmouth_x", "rightmouth_y"),
    ]
    assert written["lefteye_x"].between(55, 85).all()
    assert written["righteye_x"].between(92, 122).all()


def test_synthesize__partition_and_identity_parse_as_celebas(tree: Path) -> None:
    split = table(tree / "list_eval_partition.txt", header=False)["value"]
    identity = table(tree / "identity_CelebA.txt", header=False)["value"]
    assert split.is_monotonic_increasing
    assert set(split) == {0, 1, 2}
    assert list(split.index) == list(identity.index)


def test_synthesize__factors_are_the_true_ones(tree: Path) -> None:
    written = pd.read_csv(tree / "factors.csv")
    assert written.columns[0] == "name"
    expected = draw_factors(COUNT, 3).drop(columns="identity")
    np.testing.assert_allclose(written.drop(columns="name"), expected, rtol=1e-6, atol=1e-7)


def test_synthesize__image_bytes_do_not_depend_on_count(tree: Path, tmp_path: Path) -> None:
    other = synthesize(tmp_path / "few", count=7, seed=3).path
    for file in (other / "img_align_celeba").iterdir():
        assert file.read_bytes() == (tree / "img_align_celeba" / file.name).read_bytes()


def test_synthesize__leaves_the_same_tree_alone(tree: Path) -> None:
    stamps = {file: file.stat().st_mtime_ns for file in tree.rglob("*")}
    assert not synthesize(tree, count=COUNT, seed=3).rendered
    assert {file: file.stat().st_mtime_ns for file in tree.rglob("*")} == stamps


def test_synthesize__completes_an_interrupted_tree(tmp_path: Path) -> None:
    def interrupt(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesize(tmp_path / "tree", count=5, on_progress=interrupt)
    assert not (tmp_path / "tree" / "factors.csv").exists()
    assert synthesize(tmp_path / "tree", count=5).rendered
    assert (tmp_path / "tree" / "factors.csv").exists()


@pytest.mark.parametrize("changed", [{"count": COUNT + 1, "seed": 3}, {"count": COUNT, "seed": 4}])
def test_synthesize__refuses_another_tree(tree: Path, changed: dict[str, int]) -> None:
    with pytest.raises(SynthesisError, match="choose another destination"):
        synthesize(tree, **changed)


@pytest.mark.parametrize("content", ["", "{not json", "[1]"])
def test_synthesize__refuses_other_files(tmp_path: Path, content: str) -> None:
    (tmp_path / "synthesize.json").write_text(content)
    with pytest.raises(SynthesisError, match="other files"):
        synthesize(tmp_path, count=1)


def test_synthesize__refuses_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SynthesisError, match="not a directory"):
        synthesize(tmp_path / "file", count=1)


@pytest.mark.parametrize(("count", "seed"), [(0, 0), (-1, 0), (1, -1), (1_000_000, 0)])
def test_synthesize__refuses_impossible_numbers(tmp_path: Path, count: int, seed: int) -> None:
    with pytest.raises(SynthesisError, match="got"):
        synthesize(tmp_path / "tree", count=count, seed=seed)


def test_synthesize__reports_progress(tmp_path: Path) -> None:
    seen: list[int] = []
    synthesize(tmp_path / "tree", count=40, on_progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 40


def test_synthesize__manifest_comes_last(tree: Path) -> None:
    manifest = tree / "synthesize.json"
    assert json.loads(manifest.read_text())["complete"]
    newest = max(file.stat().st_mtime_ns for file in tree.rglob("*") if file.is_file())
    assert manifest.stat().st_mtime_ns == newest


@pytest.mark.parametrize("count", [1, 10, 30, 48, 49, 64, 100, 1000, 5000])
def test_partition__never_splits_a_person(count: int) -> None:
    splits = pd.Series(partition(count)).groupby(draw_factors(count)["identity"]).nunique()
    assert (splits == 1).all()


@pytest.mark.parametrize("count", [20, 50, 200, 2000, 202_599])
def test_partition__has_official_proportions(count: int) -> None:
    sizes = np.bincount(partition(count), minlength=3)
    expected = np.array([162_770, 19_867, 19_962]) / 202_599 * count
    assert np.abs(sizes - expected).max() <= 16
    assert (sizes > 0).all()
