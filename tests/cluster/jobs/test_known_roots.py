"""The list of stores that a user has submitted jobs to."""

from pathlib import Path

import pytest

from zpoints.cluster.jobs.known_roots import known_roots, remember


def test_remember__a_root_is_listed_once_under_any_name(
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
    (list_file,) = (folder / "state").rglob("roots")
    assert list_file.read_text() == f"{demo}\ns3://b/demo\n"


def test_known_roots__an_older_list_gives_each_store_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    list_file = folder / "state" / "zpoints" / "roots"
    list_file.parent.mkdir(parents=True)
    list_file.write_text(f"runs/demo\n\n{folder}/runs/demo/\ns3://b/demo/\n{folder}/runs/demo\n")

    assert known_roots() == [f"{folder}/runs/demo", "s3://b/demo"]
