"""A user id without a home folder and without an entry in the list of users, as in containers."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.cluster.cli.commands import ZPOINTS, zpoints
from tests.cluster.users import with_a_damaged_one, written
from zpoints.cluster.jobs.known_roots import known_roots, remember
from zpoints.pipeline.cache_folders import CACHES, provide_cache_folders
from zpoints.pipeline.config.run import RunConfig

USER = 54321
KEPT = ("PATH", "PYTHONPATH", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS")
HOMES = [
    pytest.param({}, id="no HOME"),
    pytest.param({"HOME": ""}, id="empty"),
    pytest.param({"HOME": "/"}, id="not writable"),
    pytest.param({"HOME": "/nonexistent"}, id="missing"),
    pytest.param({"HOME": "/dev/null"}, id="a file"),
]
ELLIPSE = "sample.generators={ellipse: {generator: ellipse}}"
needs_root = pytest.mark.skipif(
    os.getuid() != 0 or shutil.which("setpriv") is None, reason="changes the user id by setpriv"
)

Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that belongs to the user without a home."""
    folder = Path(tempfile.mkdtemp(prefix="zpoints-homeless-"))
    os.chown(folder, USER, USER)
    yield folder
    shutil.rmtree(folder)
    shutil.rmtree(Path(tempfile.gettempdir(), f"zpoints-{USER}"), ignore_errors=True)


def called(
    *command: object, folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a command as the user without a home, who may read all files but write only own ones."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    may = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    become = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", *may)
    return subprocess.run(
        [*become, *map(str, command)],
        cwd=folder,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@needs_root
@pytest.mark.services
@pytest.mark.parametrize("environment", [HOMES[0], HOMES[2]])
def test_run__works_without_a_home(
    environment: dict[str, str], small_config: RunConfig, small_stages: Path, home: Path
) -> None:
    config = written(small_config, home / "my.yaml", ELLIPSE)
    whole = not environment
    if whole:  # the stages before compile nothing
        store = shutil.copytree(small_stages / "encode", home / "store")
        for path in (store, *store.rglob("*")):
            os.chown(path, USER, USER)

    command = (ZPOINTS, "run", config, "--root", "store")
    until = () if whole else ("--until", "ingest")

    done = called(*command, *until, folder=home, environment=environment)

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert (home / "store" / "report" / "index.html").exists() == whole
    assert sorted(path.name for path in home.iterdir()) == ["my.yaml", "store"]


@needs_root
@pytest.mark.services
@pytest.mark.parametrize("environment", HOMES[:1])
def test_submit__works_without_a_home_and_says_so_in_one_line(
    environment: dict[str, str], faces: Path, home: Path
) -> None:
    source = with_a_damaged_one(faces, home / "faces")
    options = ["--set", f"ingest.source={source}", "--root", "store", "--strict"]

    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        return called(ZPOINTS, *arguments, folder=home, environment=environment)

    done = call("submit", "demo", *options)
    id_ = done.stdout.strip()
    waited = call("wait", id_, "--root", "store")
    listed, unknown = call("jobs", "store"), call("logs", id_)

    assert done.returncode == 0, done.stderr
    (line,) = (line for line in done.stderr.splitlines() if "--root" in line)
    assert "home" in line
    assert "000003.jpg" in waited.stdout
    assert (listed.returncode, id_ in listed.stdout) == (0, True)
    assert unknown.returncode == 2
    assert "Traceback" not in done.stderr + waited.stderr + listed.stderr + unknown.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["demo", "--root", "~/x"],
        ["run", "demo", "--set", "ingest.source=~/x"],
        ["history", "~nobodyknows/x"],
        ["export", "{store}", "statistics", "~/x"],
        ["report", "{store}", "--folder", "~/x"],
        [
            *("schedule", "demo", "--cron", "0 3 * * *", "--set", "ingest.source=x"),
            *("--root", "~/x", "--print", "cron"),
        ],
        ["submit", "demo", "--set", "cluster.kind=slurm", "--set", "ingest.source={faces}"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_command__names_the_missing_home_in_one_line(
    arguments: list[str],
    small_root: str,
    faces: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", unknown)

    options = [it.format(store=small_root, faces=faces) for it in arguments]
    done = zpoints(*options, folder=folder)

    assert done.returncode == 2
    *before, error = done.stderr.splitlines()
    assert "home folder that this machine does not know" in error
    assert "home" not in " ".join(before), "what the source holds"


def unknown(user: int) -> None:
    raise KeyError(f"getpwuid(): uid not found: {user}")


@pytest.mark.parametrize(
    "trouble", ["no home", "a file", "a folder", "not UTF-8", "a link to itself"]
)
def test_remember__never_stops_a_job(
    trouble: str, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    state = folder / "state"
    if trouble == "no home":
        monkeypatch.delenv("XDG_STATE_HOME")
        monkeypatch.delenv("HOME")
        monkeypatch.setattr("pwd.getpwuid", unknown)
    elif trouble == "a file":
        state.write_text("")
    elif trouble == "a folder":
        (state / "zpoints" / "roots").mkdir(parents=True)
    elif trouble == "a link to itself":
        state.symlink_to(state)
    else:
        (state / "zpoints").mkdir(parents=True)
        (state / "zpoints" / "roots").write_bytes(b"\xff\n")

    remember(str(folder / "store"))

    assert len(caplog.messages) == 1
    assert "Name the store with --root" in caplog.messages[0]
    assert known_roots() == []


def test_provide_cache_folders__leaves_a_usable_home_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    for name in CACHES:
        monkeypatch.delenv(name, raising=False)

    provide_cache_folders()

    assert not set(CACHES) & set(os.environ)


@needs_root
@pytest.mark.services
@pytest.mark.parametrize("environment", HOMES)
def test_import__names_private_folders_and_makes_no_folder_in_the_working_folder(
    environment: dict[str, str], home: Path
) -> None:
    show = "import os, zpoints.pipeline; print(os.environ['NUMBA_CACHE_DIR'])"

    done = called(sys.executable, "-c", show, folder=home, environment=environment)

    private = Path(tempfile.gettempdir(), f"zpoints-{USER}")
    assert done.stdout.strip() == str(private / "numba"), done.stderr
    assert (private.stat().st_mode & 0o077, private.stat().st_uid) == (0, USER)
    assert not list(home.iterdir())


def test_provide_cache_folders__uses_no_folder_of_another_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/dev/null")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    planted = tmp_path / f"zpoints-{os.getuid()}"
    planted.mkdir()
    planted.chmod(0o777)
    for name in CACHES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)

    provide_cache_folders()

    for name, folder in CACHES.items():
        chosen = Path(os.environ[name])
        assert (chosen.name, chosen.parent.parent) == (folder, tmp_path)
        assert chosen.parent != planted
        assert chosen.parent.stat().st_mode & 0o077 == 0
