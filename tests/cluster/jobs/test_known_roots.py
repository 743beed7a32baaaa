"""The stores that a user has submitted to: each once, by whatever name it was reached."""

from pathlib import Path

import pytest

from zpoints.cluster.jobs.known_roots import known_roots, remember


def test_remember__a_root_is_listed_once_whatever_it_is_called(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    demo = folder / "runs" / "demo"
    demo.mkdir(parents=True)
    (folder / "link").symlink_to(demo)

    for root in (
        "runs/demo",
        f"{demo}/",
        "runs/../runs/demo",
        "link",
        "s3://b/demo",
        "s3://b/demo/",
    ):
        remember(root)

    assert known_roots() == [str(demo), "s3://b/demo"]
    (noted,) = (folder / "state").rglob("roots")
    assert noted.read_text() == f"{demo}\ns3://b/demo\n"


def test_known_roots__of_an_older_list_name_each_store_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    noted = folder / "state" / "zpoints" / "roots"
    noted.parent.mkdir(parents=True)
    noted.write_text(f"runs/demo\n\n{folder}/runs/demo/\ns3://b/demo/\n{folder}/runs/demo\n")

    assert known_roots() == [f"{folder}/runs/demo", "s3://b/demo"]
