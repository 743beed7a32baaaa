"""Exit codes of commands that name what does not exist, or cannot be used."""

from pathlib import Path

import pytest

from tests.cluster.cli.commands import zpoints

ABSENT = ("There is no store at", "`zpoints run CONFIG --root")
VERSION = ("has no version latst", "Did you mean latest?")
SOURCE = ["--root", "new", "--set"]
CASES: dict[str, tuple[list[str], int, tuple[str, ...]]] = {
    # a missing store, or a folder of something else
    "info absent": (["info", "absent"], 2, ABSENT),
    "history foreign": (["history", "foreign"], 2, ABSENT),
    "verify absent": (["verify", "absent"], 2, ABSENT),
    "report absent": (["report", "absent"], 2, ABSENT),
    "rollback absent": (["rollback", "absent", "latest"], 2, ABSENT),
    "diff foreign": (["diff", "foreign"], 2, ABSENT),
    "compare absent": (["compare", "absent", "STORE"], 2, ABSENT),
    "export absent": (["export", "absent", "latents", "out"], 2, ABSENT),
    "jobs absent": (["jobs", "absent"], 2, ABSENT),
    "schedule absent": (["schedule", "--status", "absent"], 2, ABSENT),
    "logs absent": (["logs", "x", "--root", "absent"], 2, ("has no job x",)),
    "wait": (["wait", "x", "--root", "STORE"], 2, ("has no job x",)),
    "cancel": (["cancel", "x", "--root", "STORE"], 2, ("has no job x",)),
    "doctor absent": (["doctor", "absent"], 1, ()),
    "above": (["info", "ABOVE"], 2, ("It contains 1 store: ", "Name it.")),
    "inside": (["info", "STORE/refs"], 2, ("It is a part of the store ", "name that")),
    # a wrong version
    "info version": (["info", "STORE", "--version", "latst"], 2, VERSION),
    "verify version": (["verify", "STORE", "--version", "latst"], 2, VERSION),
    "report version": (["report", "STORE", "--version", "latst"], 2, VERSION),
    "export version": (["export", "STORE", "model", "out", "--version", "latst"], 2, VERSION),
    "diff version": (["diff", "STORE", "latst"], 2, VERSION),
    "compare version": (["compare", "STORE", "STORE", "--version-b", "latst"], 2, VERSION),
    # a wrong group, form or place
    "group": (["export", "STORE", "latent", "out"], 2, ("Did you mean latents?", "samples/... (")),
    "form": (["export", "STORE", "latents", "out", "--as", "docx"], 2, ("docx",)),
    "place": (["export", "STORE", "model", "foreign"], 2, ("exists: name a new folder",)),
    "demo place": (["demo", "--root", "foreign"], 2, ("a new or empty folder", "notes.txt")),
    "faces place": (["demo", "--root", "new", "--faces", "foreign"], 2, ("foreign",)),
    "synthesize place": (["synthesize", "foreign"], 2, ("foreign",)),
    "report place": (["report", "STORE", "--folder", "foreign"], 2, ("foreign",)),
    # a wrong setting
    "report other": (
        ["report", "STORE", "--set", "train.epochs=3"],
        2,
        ("not a setting of the r",),
    ),
    "report bare": (["report", "STORE", "--set", "fces=3"], 2, ("e.g. report.faces=",)),
    "report key": (["report", "STORE", "--set", "report.fces=3"], 2, ("mean report.faces?",)),
    # wrong photographs, vectors or files
    "source absent": (["run", "demo", *SOURCE, "ingest.source=absent"], 2, ("does not exist",)),
    "source foreign": (["run", "demo", *SOURCE, "ingest.source=foreign"], 2, ("no known format",)),
    "source store": (["run", "demo", *SOURCE, "ingest.source=STORE"], 2, ("is a store",)),
    "source archive": (["run", "demo", *SOURCE, "ingest.source=bad.zip"], 2, ("complete zip",)),
    "sweep source": (["sweep", "demo", *SOURCE, "ingest.source=foreign"], 2, ("no known format",)),
    "submit": (
        ["submit", "demo", *SOURCE, "ingest.source=foreign"],
        2,
        ("no known format",),
    ),
    "vectors absent": (["import", "absent.npy", "--root", "new"], 2, ("does not exist",)),
    "vectors": (["import", "bad.npy", "--root", "new"], 2, ("bad.npy",)),
    "yaml": (["run", "bad.yaml"], 2, ("not valid YAML", 'in "bad.yaml", line')),
    "binary": (["run", "bad.zip"], 2, ("not UTF-8 text",)),
    "schedule cron": (["schedule", "demo", "--cron", "x", "--set", "ingest.source=a"], 2, ("x",)),
}
"""Arguments, exit code, and parts of the error."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with files that are not what commands expect."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "foreign").mkdir()
    (folder / "foreign" / "notes.txt").write_text("mine")
    (folder / "bad.zip").write_bytes(b"\xff\xfe")
    (folder / "bad.npy").write_text("no vectors")
    (folder / "bad.yaml").write_text("x: [")
    return folder


@pytest.mark.parametrize("case", CASES)
def test_commands__end_with_a_documented_code_and_a_message(
    case: str, folder: Path, small_root: str
) -> None:
    arguments, code, parts = CASES[case]
    names = {"STORE": small_root, "ABOVE": str(Path(small_root).parent)}
    before = sorted(folder.rglob("*"))
    command = list[str]()
    for argument in arguments:
        for name, place in names.items():
            argument = argument.replace(name, place)
        command.append(argument)

    done = zpoints(*command, folder=folder)

    assert done.returncode == code, done.stderr
    plain = " ".join(done.stderr.replace("│", " ").split())
    for part in parts:
        assert part in plain
    assert "Traceback" not in done.stderr
    assert sorted(folder.rglob("*")) == before
