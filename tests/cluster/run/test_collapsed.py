"""Photographs that leave nothing to describe: the run reports it and goes on to its report."""

import re
from collections.abc import Iterator, Sequence
from html import unescape
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.cluster.cli.commands import zpoints
from tests.cluster.conftest import done, go
from tests.conftest import SMALL
from tests.shared import made_once
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.ingest.images import checksum
from zpoints.pipeline.ingest.stage import SPLIT_BY_ORDER
from zpoints.pipeline.labels import Labels
from zpoints.storage import open_store
from zpoints.storage.labels.splits import SPLITS

COUNT = 30
LAWS = (
    *("uniform", "gaussian", "multivariate_normal", "ellipse", "ellipse_original", "ellipsoid"),
    *("elliptical", "gaussian_mixture", "radial_mixture", "flow", "neighbours", "grid", "path"),
)
SITUATIONS = {
    "black": (
        *(0, LAWS, {*LAWS, "ellipse_9", "hats"} - {"uniform"}),
        "have collapsed: all are equal",
    ),
    "two kinds": (2, ("ellipse", "gaussian"), {"ellipse_9"}, "partly collapsed: they vary along 2"),
}
"""How many of the photographs are not black; generators; those left out; what is reported."""


def photographs(folder: Path, others: int) -> Path:
    folder.mkdir(parents=True)
    for number in range(COUNT):
        grey = 40 * max(0, number - (COUNT - 1 - others))
        Image.fromarray(np.full((40, 40, 3), grey, np.uint8)).save(folder / f"{number:02d}.png")
    rows = [f"{number:02d}.png,{number % 2},{int(number > 9)}" for number in range(COUNT)]
    (folder / "labels.csv").write_text("\n".join(["file,Wearing Hat,Young", *rows]))
    return folder


def settings(source: Path, laws: Sequence[str] = ()) -> list[str]:
    generators = [f"{law}: {{generator: {law}}}" for law in laws]
    generators.append("ellipse_9: {generator: ellipse, K: 9}")
    if "gaussian_mixture" in laws:
        generators.append("hats: {generator: conditional, selection: hats}")
    return [
        'analyze.selections={hats: "`Wearing Hat` and Young"}',
        f"ingest.source={source}",
        "ingest.crop=null",
        *SMALL,
        "train.epochs=1",
        "sample.count=32",
        f"sample.generators={{{', '.join(generators)}}}",
        *("sweep.enabled=true", "sweep.count=10", "sweep.grid={fact: [0.7]}"),
    ]


def collapsed(home: Path, others: int, laws: Sequence[str]) -> None:
    """Make a store of such photographs; leaves what the command printed next to it."""
    config = override(RunConfig(), settings(photographs(home / "photographs", others), laws))
    (home / "run.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json")))
    for number in ("first", "again"):
        done = zpoints("run", home / "run.yaml", "--root", home / "store", folder=home)
        (home / f"{number}.txt").write_text(f"{done.returncode}\n{done.stderr}\n{done.stdout}")


def run_of(situation: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with such photographs, `run.yaml` and the store of its run."""
    others, laws, *_ = SITUATIONS[situation]
    return made_once(
        tmp_path_factory, f"collapsed-{others}", lambda folder: collapsed(folder, others, laws)
    )


@pytest.fixture(params=SITUATIONS)
def situation(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def home(situation: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_of(situation, tmp_path_factory)


def notices(home: Path) -> list[str]:
    """The paragraphs between the heading of the report and its figures."""
    page = (home / "store" / "report" / "index.html").read_text()
    head = page[page.index("</h1>") : page.index('<dl class="figures">')]
    texts = re.findall(r'<p class="notice[^>]*>(.*?)</p>', head)
    return [unescape(re.sub("</?b>", "", text)).strip() for text in texts]


@pytest.mark.slow
def test_run__of_equal_photographs_ends_in_a_report(home: Path, situation: str) -> None:
    code, errors, *lines = (home / "first.txt").read_text().split("\n")
    output, store = "\n".join(lines), open_store(home / "store")
    _, laws, unfitted, message = SITUATIONS[situation]

    assert (code, errors) == ("0", "")
    assert message in output
    assert output.index(message) < output.index("statistics: ")
    assert "lower train.learning_rate" in output
    assert store.statistics["count"].values[0] == COUNT
    left_out = store.left_out
    assert set(left_out) == unfitted
    assert set(store.sample_names) == {*laws} - unfitted
    assert store.selection("hats")["count"].values[0] == 10
    assert set(store.quality_names) == {"real", "reconstruction", *store.sample_names}
    assert message in notices(home)[0]
    last = [f"samples/{name} is left out. {why}" for name, why in left_out.items()]
    assert notices(home)[-len(last) :] == last
    for name, why in left_out.items():
        assert f"sample.generators.{name} is left out. {why}" in output
        assert store.samples(name).sizes["sample"] == 0


@pytest.mark.slow
def test_run__of_equal_photographs_computes_nothing_twice(home: Path, situation: str) -> None:
    code, errors, *lines = (home / "again.txt").read_text().split("\n")
    output = "\n".join(lines)

    assert (code, errors) == ("0", "")
    assert SITUATIONS[situation][-1] in output
    left_out = re.findall(r"sample\.generators\.(\w+) is left out\.", output)
    assert set(left_out) == set(SITUATIONS[situation][2])
    assert " rows in " not in output
    verified = zpoints("verify", home / "store", folder=home)
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.mark.slow
def test_report__of_equal_photographs_shows_no_undefined_number(home: Path) -> None:
    page = (home / "store" / "report" / "index.html").read_text()

    assert re.findall(r"[^<>]*\b(?:nan|inf)\b[^<>]*", page) == []


@pytest.mark.parametrize("tenth", [0, 1], ids=["validation", "test"])
def test_run__splits_equal_photographs_by_their_order(tmp_path: Path, tenth: int) -> None:
    """All of them have the checksum of a photograph that the training would not see."""
    content = next(c for c in equal_content() if checksum(c) % 10 == tenth)
    (tmp_path / "photographs").mkdir()
    for number in range(COUNT):
        (tmp_path / "photographs" / f"{number:02d}.png").write_bytes(content)
    config = override(RunConfig(), settings(tmp_path / "photographs")[1:])

    result, lines = go(config, tmp_path / "store", until="encode")
    again, _ = go(config, tmp_path / "store", until="encode")

    assert SPLIT_BY_ORDER in lines
    splits = Labels(result.store.latents).splits
    counts = {name: np.count_nonzero(splits == name) for name in SPLITS}
    assert counts == {"train": 24, "validation": 3, "test": 3}
    assert result.store.query("split == 'test'").sizes["image"] == 3
    assert done(again) == []


def equal_content() -> Iterator[bytes]:
    """Files of one black photograph, with different comments."""
    for number in range(1000):
        comment, stream = PngInfo(), BytesIO()
        comment.add_text("Comment", str(number))
        Image.new("RGB", (40, 40)).save(stream, "png", pnginfo=comment)
        yield stream.getvalue()
