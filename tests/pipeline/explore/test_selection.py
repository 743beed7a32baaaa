"""What the explorer shows of a selection, and the Python that gives the same."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml

import zpoints as zp
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.explore.selection.downloads import (
    npy_file,
    png_archive,
    png_sheet,
    vectors_csv,
)
from zpoints.pipeline.explore.selection.gathered import gather
from zpoints.pipeline.explore.selection.photograph import inspect
from zpoints.pipeline.explore.selection.shares import label_shares
from zpoints.pipeline.explore.selection.subset import NAMES_FILE, Subset
from zpoints.pipeline.latent_space.stored import LatentStore
from zpoints.storage.errors import QueryError

ROWS = np.arange(3, 40, 3)


@pytest.fixture(scope="module")
def store(small_root: str) -> LatentStore:
    return zp.open(small_root)


def results(code: str) -> dict[str, object]:
    """The names that code binds."""
    found: dict[str, object] = {}
    exec(code, found)
    return found


def test_inspect__shows_what_its_code_computes(store: LatentStore) -> None:
    name = str(store.latents.image.values[5])

    shown = inspect(store, name)

    found = results(shown.code)
    assert (shown.photograph == found["photograph"].values).all()
    assert (shown.reconstruction == found["reconstruction"].values).all()
    assert [n for n, _ in shown.neighbours] == found["neighbours"].image.values.tolist()
    assert set(shown.thumbnails) == {n for n, _ in shown.neighbours}
    assert len(shown.thumbnails) == 12
    smiling = bool(found["labels"]["Smiling"])
    assert shown.labels["Smiling"] == ("yes" if smiling else "no")
    assert "checksum" not in shown.labels


@pytest.mark.parametrize("many", [False, True])
def test_gather__shows_what_its_code_computes(
    store: LatentStore, many: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if many:
        monkeypatch.setattr("zpoints.pipeline.explore.selection.subset.NAMED", 3)
    subset = Subset(store, ROWS)
    Path(NAMES_FILE).write_bytes(npy_file(subset.names))

    shown, drawn = gather(subset), subset.draw("ellipse", 4, seed=2, K=3)

    assert (subset.condition is None) == many
    found = results(shown.code)
    assert found["picked"].image.values.tolist() == subset.names
    assert (shown.mean_photograph == found["mean_photograph"].round().astype(np.uint8)).all()
    assert (shown.decoded_mean == found["decoded_mean"]).all()
    found = results(subset.draw_code("ellipse", 4, seed=2, K=3))
    assert found["drawn"].z.equals(drawn.z)
    assert found["images"].shape[0] == 4


def test_subset__of_a_query_selects_as_the_store_does(store: LatentStore) -> None:
    subset = Subset.of_query(store, " Smiling and not Male ")

    assert subset.names == store.query("Smiling and not Male").image.values.tolist()
    assert yaml.safe_load(subset.yaml("mine")) == {
        "analyze": {"selections": {"mine": "Smiling and not Male"}}
    }
    with pytest.raises(QueryError, match="Smilling"):
        Subset.of_query(store, "Smilling")


def test_subset__names_images_whatever_they_are_called() -> None:
    names = ["it's.png", 'a "b".png', "c\\d\n.png", "'=1+1", "plain"]
    space = zp.open_arrays(np.eye(5), {"image": names})

    subset = Subset(space, np.array([0, 1, 2, 3]))

    assert space.query(subset.condition).image.values.tolist() == names[:4]
    with pytest.raises(SampleError, match="at least 2"):
        Subset(space, np.array([4])).draw("multivariate_normal", 2)


def test_label_shares__are_those_of_annotated_images_and_begin_with_what_differs() -> None:
    smiling = np.array([True, True, False, False, False, False])
    species = ["cat", "cat", "dog", "dog", "dog", ""]
    space = zp.open_arrays(
        np.eye(6),
        {
            "Smiling": smiling,
            "Old": np.array([True, False] * 3),
            "has_attributes": np.array([True] * 4 + [False] * 2),
            "species": species,
        },
    )

    shares = {s.name: s for s in label_shares(space.latents, np.array([0, 1, 5]))}

    assert list(shares)[-1] == "Old"
    assert (shares["Smiling"].selected, shares["Smiling"].all, shares["Smiling"].having) == (
        1,
        0.5,
        2,
    )
    assert (shares["species=cat"].selected, shares["species=cat"].all) == (1, 0.4)


def test_downloads__are_read_back(store: LatentStore, tmp_path: Path) -> None:
    import pandas as pd

    subset = Subset(store, ROWS)
    latents = subset.latents.assign_coords(note=("image", ["=SUM(A1)"] * len(ROWS)))

    table = pd.read_csv(io.BytesIO(vectors_csv(latents)))
    vectors = np.load(io.BytesIO(npy_file(latents.z)))

    assert table["image"].tolist() == subset.names
    assert set(table["note"]) == {"'=SUM(A1)"}
    np.testing.assert_array_equal(table["z_7"].astype(np.float32), vectors[:, 7])
    picture = np.zeros((8, 8, 3), np.uint8)
    archive = zipfile.ZipFile(io.BytesIO(png_archive({"../../a.jpg": picture, "b/a.jpg": picture})))
    assert archive.namelist() == ["0-a.png", "1-a.png"]
    assert png_sheet([picture] * 7).startswith(b"\x89PNG")
