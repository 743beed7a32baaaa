"""The preset `folder` on scikit-learn's digits: 1,797 grey images of 8 x 8 pixels, enlarged."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.svm import SVC

import zpoints as zp
from tests.cluster.cli.commands import zpoints
from tests.conftest import SilentConsole
from zpoints.pipeline.config.origin import choose_settings, open_origin
from zpoints.pipeline.config.run import RunConfig, load_config, override
from zpoints.pipeline.errors import ConfigError, NetworkError
from zpoints.pipeline.latent_space.stored import LatentStore
from zpoints.pipeline.stage_table import check_networks
from zpoints.storage import open_store


def write_digits(folder: Path, count: int, side: int = 32) -> Path:
    """The first digits as PNG files, and a table of the digit that each shows."""
    folder.mkdir()
    digits, rows = load_digits(), ["file,digit"]
    for number, pixels in enumerate(digits.images[:count]):
        image = Image.fromarray((pixels * 255 / 16).astype(np.uint8))
        image.resize((side, side), Image.Resampling.BICUBIC).save(folder / f"{number:04}.png")
        rows.append(f"{number:04}.png,{digits.target[number]}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    return folder


def assert_drawn_as_asked(store: LatentStore) -> None:
    """Of digits that are drawn by `elliptical`, most are those that were asked for.

    The judge is a classifier that has seen the photographs alone.
    """
    digits = load_digits()
    judge = SVC(gamma=0.001).fit(digits.data[::2], digits.target[::2])
    found = []
    for digit in range(10):
        drawn = store.draw("elliptical", 20, where=f"digit == {digit}")
        pixels = store.decode(drawn.z).values.reshape(20, 8, 4, 8, 4).mean(axis=(2, 4))
        found.append(judge.predict(pixels.reshape(20, 64) * 16 / 255) == digit)
    assert np.mean(found) > 0.8


@pytest.mark.slow
def test_run__folder_makes_a_report_of_digits_without_a_word_of_faces(tmp_path: Path) -> None:
    write_digits(tmp_path / "digits", 1797)
    settings = [
        *("ingest.source=digits", "train.epochs=6", "train.threads=1"),
        *("sample.count=64", "evaluate.count=64"),
        "sample.generators={elliptical: {generator: elliptical}, uniform: {generator: uniform}}",
    ]

    done = zpoints(
        *("run", "folder", "--root", "store"),
        *(part for setting in settings for part in ("--set", setting)),
        folder=tmp_path,
    )

    assert done.returncode == 0, done.stderr
    for line in (
        "ingest.crop = null: the largest central square of photographs of 32 x 32",
        "ingest.side = 32:",
        "ingest.channels = 1: all that were looked at are grey",
        "train.z_dim = 64: the power of 2 with 20 of about 1,437 training images for each",
        "so no face rate is measured",
    ):
        assert line in done.stdout
    assert "train.epochs" not in done.stdout, "what --set names is not chosen"
    assert "Too few photographs" not in done.stdout
    store = open_store(tmp_path / "store")
    assert store.model.sizes["epoch"] == 6
    assert store.latents.sizes["component"] == 64
    assert store.quality("elliptical").attrs["detector"] == "none"
    assert "face_rate" not in store.quality("elliptical")
    assert store.structure["class_balanced_accuracy"].sel(categorical="digit") > 0.9
    assert_drawn_as_asked(zp.open(tmp_path / "store"))
    page = (tmp_path / "store" / "report" / "index.html").read_text()
    assert "All images" in page
    assert "face" not in page.lower()
    names = [path.name for path in (tmp_path / "store" / "report" / "figures").iterdir()]
    assert not [name for name in names if "face" in name]

    # Photographs that arrive do not choose another network.
    for number in range(200):
        path = tmp_path / "digits" / f"{number:04}.png"
        Image.open(path).rotate(90).save(path.with_stem(f"new-{number}"))
    again = zpoints(
        *("run", "folder", "--root", "store", "--until", "analyze", "--dry-run"),
        *(part for setting in settings for part in ("--set", setting)),
        folder=tmp_path,
    )
    assert "train.z_dim = 64: as in the stored model" in again.stdout
    assert "3 to run, 1 up to date" in again.stdout
    assert not [line for line in again.stdout.splitlines() if line.startswith("model")]
    assert "latents, statistics  made from new results" in again.stdout


@pytest.mark.parametrize("command", [("run", "--dry-run"), ("submit",)])
def test_commands__a_wrong_crop_fails_before_anything_starts(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    write_digits(tmp_path / "digits", 20)

    name, *options = command
    done = zpoints(
        *(name, "folder", "--root", "store", *options),
        *("--set", "ingest.source=digits", "--set", "ingest.crop=140"),
        folder=tmp_path,
    )

    assert done.returncode == 2
    assert "32 x 32 pixels is smaller than ingest.crop = 140" in done.stderr
    assert "Nothing was started" in done.stderr
    assert not (tmp_path / "store").exists()


def test_dry_run__estimates_and_warns_of_too_few_photographs(tmp_path: Path) -> None:
    write_digits(tmp_path / "digits", 60)

    done = zpoints(
        *("run", "folder", "--root", "store", "--dry-run"),
        *("--set", "ingest.source=digits", "--set", "train.z_dim=16"),
        folder=tmp_path,
    )

    assert done.returncode == 0, done.stderr
    assert "expected at least 20 for each of 16, 320 in all, got 60" in done.stdout
    assert "MiB of disk, at most " in done.stdout
    assert "on this machine" in done.stdout
    assert not (tmp_path / "store").exists()


def test_override__of_a_setting_that_is_chosen_wins() -> None:
    config = load_config("folder", ["train.z_dim=12", "ingest.side=48"])

    assert config.choose == ("ingest.crop", "ingest.channels", "train.epochs")
    assert override(config, ["choose=[]"]).choose == ()


def first_column_means(images: np.ndarray) -> np.ndarray:
    """An encoder of images (n, channel, side, side) to six components."""
    return np.ascontiguousarray(images.mean(axis=(1, 2))[:, :6])


def grey(z: np.ndarray) -> np.ndarray:
    """Its decoder, to images of 32 x 32."""
    return np.full((len(z), 1, 32, 32), 0.5, np.float32)


OWN = [f"encode.network={__name__}:first_column_means", f"decode.network={__name__}:grey"]


def chosen(folder: Path, *settings: str) -> tuple[RunConfig, list[str]]:
    console = SilentConsole()
    config = load_config("folder", [f"ingest.source={folder}", *settings])
    origin, config = open_origin(config, console, root=str(folder.parent / "store"))
    return choose_settings(config, origin, None, console), console.lines


def test_choose_settings__takes_the_width_of_a_network_from_elsewhere(tmp_path: Path) -> None:
    config, lines = chosen(write_digits(tmp_path / "digits", 20), *OWN)

    assert config.train.z_dim == 6
    assert [line for line in lines if "train.z_dim" in line] == [
        f"  train.z_dim = 6: the components that {__name__}:first_column_means returns"
    ]
    assert not any("train.epochs" in line for line in lines)
    check_networks(config)


def test_choose_settings__keeps_a_z_dim_that_is_set(tmp_path: Path) -> None:
    config, _ = chosen(write_digits(tmp_path / "digits", 20), *OWN, "train.z_dim=5")

    assert config.train.z_dim == 5
    with pytest.raises(NetworkError, match=r"\(2, 6\); expected \(2, 5\)"):
        check_networks(config)


def test_load_config__a_crop_of_four_numbers_gets_the_meaning_of_the_setting() -> None:
    with pytest.raises(ConfigError, match=r"whole number .*; side in pixels of the central square"):
        load_config("folder", ["ingest.crop=100,100,0,0"])
