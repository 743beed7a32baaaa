"""`zpoints compare`: one page of two stores, where it is written, and what is refused."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cluster.cli.commands import zpoints
from tests.grey import grey as grey
from tests.grey import inception as inception
from tests.s3 import new_bucket, upload
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.errors import ConfigError
from zpoints.pipeline.report.comparison.pair import labels
from zpoints.pipeline.report.comparison.write import comparison_destination
from zpoints.storage import open_store

Grey = tuple[RunConfig, str]
FIGURES = {
    "loss",
    "reconstructions",
    "spectrum",
    "intervals",
    "variance",
    "mahalanobis",
    "generated-images",
}
NONE = (None, None)


def shown(page: str) -> set[str]:
    """Names of the figures of a page."""
    return set(re.findall(r'<img src="figures/([^"]+)\.png"', page))


def test_compare__writes_one_page_of_both_stores(
    small_root: str, grey: Grey, tmp_path: Path
) -> None:
    done = zpoints("compare", small_root, grey[1], "--output", "both", folder=tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "both/index.html"
    assert "Other images: A has 32 x 32 x 3 pixels and B 32 x 32 x 1" in done.stdout
    page = (tmp_path / "both" / "index.html").read_text()
    assert shown(page) == FIGURES
    assert {path.stem for path in (tmp_path / "both" / "figures").iterdir()} == FIGURES
    assert "held out from the training of both" in page
    for text in ("A has 112 latent components and B 30", "1. most components look Gaussian"):
        assert text in page
    changes = page[page.index('id="quality-changes"') :]
    assert re.search(
        r"<td class=\"text\">ellipse</td>\s*<td class=\"text\">round trip</td>", changes
    )
    mark = json.loads((tmp_path / "both" / "report.json").read_text())
    assert mark["compared"] == [open_store(root).root for root in (small_root, grey[1])]

    again = zpoints("compare", grey[1], small_root, "--output", "both", folder=tmp_path)

    assert again.returncode == 0, again.stderr
    assert "A has 30 latent components" in (tmp_path / "both" / "index.html").read_text()


def test_compare__escapes_the_names_of_stores(small_root: str, tmp_path: Path) -> None:
    name = "<i>$x$ & {y}"
    for parent in ("one", "other"):
        shutil.copytree(small_root, tmp_path / parent / name)

    done = zpoints("compare", f"one/{name}", f"other/{name}", folder=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "A and B have the same network." in done.stdout
    page = (tmp_path / done.stdout.splitlines()[-1]).read_text()
    assert "<i>$x$" not in page
    assert "one/&lt;i&gt;$x$ &amp; {y} beside other/&lt;i&gt;" in page


@pytest.mark.slow
def test_compare__takes_vectors_without_images(small_root: str, tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.random.default_rng(0).normal(size=(300, 8)).astype("f4"))
    few = ("--set", "sample.generators={gaussian: {generator: gaussian}}", "--until", "evaluate")
    made = zpoints("import", "v.npy", "--root", "v", *few, folder=tmp_path)
    assert made.returncode == 0, made.stderr

    done = zpoints("compare", "v", small_root, "--output", "both", folder=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "of which 0 are in both" in done.stdout
    assert {"spectrum", "variance"} <= shown(page := (tmp_path / "both/index.html").read_text())
    assert "reconstructions" not in shown(page)
    assert "loss" not in shown(page)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("STORE", "nothing"), "nothing"),
        (("STORE", "."), "no store"),
        (("STORE", "STORE", "--version-b", "nothing"), "has no version nothing"),
        (("STORE", "STORE", "--output", "STORE/report"), "holds the report of a run"),
        (("STORE", "STORE", "--output", "STORE/chunks"), "belongs to the store"),
        (("STORE", "STORE", "--output", "mine"), "holds other files, e.g. letter.txt"),
    ],
)
def test_compare__refuses_and_changes_nothing(
    small_root: str, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("Dear")
    before = sorted(tmp_path.rglob("*")), sorted(Path(small_root).rglob("*"))

    refused = zpoints(
        "compare", *(text.replace("STORE", small_root) for text in arguments), folder=tmp_path
    )

    assert refused.returncode in (1, 2)
    assert message in refused.stderr
    assert "Traceback" not in refused.stderr
    assert (sorted(tmp_path.rglob("*")), sorted(Path(small_root).rglob("*"))) == before


def test_comparison_destination__tells_pairs_of_the_same_names_apart() -> None:
    found = [
        comparison_destination(None, roots, versions)
        for roots, versions in (
            (("a/run", "b/run"), NONE),
            (("c/run", "d/run"), NONE),
            (("b/run", "a/run"), NONE),
            (("a/run", "b/run"), ("2026-11-01", None)),
            (("s3://a/run", "s3://b/run"), NONE),
        )
    ]

    assert len(set(found)) == len(found)
    assert {path.parent.name for path in found if isinstance(path, Path)} == {"comparisons"}
    assert all(re.fullmatch(r"run-run-[0-9a-f]{8}", str(path.name)) for path in found)
    assert comparison_destination(None, ("a/run", "b/run"), NONE) == found[0]


def test_comparison_destination__is_in_neither_store(small_root: str, tmp_path: Path) -> None:
    for roots in ((small_root, "x"), ("x", small_root)):
        with pytest.raises(ConfigError, match="zpoints compare: --output"):
            comparison_destination(f"{small_root}/refs", roots, NONE)


def test_labels__are_the_shortest_ends_of_roots_that_differ(small_root: str) -> None:
    class Named:
        def __init__(self, root: str, version: str = "1CECHNKREP0F1RSTCMT0") -> None:
            self.root, self.version = root, version

    def both(one: Any, other: Any) -> tuple[str, str]:
        return labels((one, other))

    assert both(Named("runs/one"), Named("runs/two")) == ("one", "two")
    assert both(Named("x/1/store"), Named("x/2/store")) == ("1/store", "2/store")
    assert both(Named("store"), Named("x/store")) == ("store", "x/store")
    same = Named("runs/one"), Named("runs/one", "9ABCDEFGHJKMNPQRSTVW")
    assert both(*same) == ("one @ 1CECHNKR", "one @ 9ABCDEFG")


@pytest.mark.services
def test_compare__reads_and_writes_buckets(s3: Any, small_root: str, tmp_path: Path) -> None:
    bucket = new_bucket(s3)
    upload(s3, Path(small_root), bucket, "small")

    done = zpoints(
        "compare", f"s3://{bucket}/small", small_root, "--output", f"s3://{bucket}/both",
        folder=tmp_path,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    page = s3.get_object(Bucket=bucket, Key="both/index.html")["Body"].read().decode()
    assert shown(page) == FIGURES
