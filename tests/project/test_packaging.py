"""Wheel and sdist: one import name, complete, and untouched by other packages' names."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[2]
OTHERS = ("storage", "pipeline", "cluster")

pytestmark = pytest.mark.services

USERS_SCRIPT = """
import cluster, pipeline, storage  # the user's own
from pathlib import Path
from zpoints.cluster.run import run
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.storage import open_store
import numpy as np
import zpoints
from PIL import Image

class Console:
    def line(self, text):
        pass
    def bar(self, label, *, total, unit):
        from contextlib import nullcontext
        return nullcontext(lambda done, note: None)

if __name__ == "__main__":
    assert [module.OWNER for module in (storage, pipeline, cluster)] == ["user"] * 3
    Path("photographs").mkdir()
    for number in range(60):
        pixels = np.random.default_rng(number).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(f"photographs/{number}.png")
    settings = ["ingest.source=photographs", "ingest.crop=null", "ingest.side=32",
                "train.z_dim=16", "train.epochs=1", "cluster.processes=true", "cluster.workers=1"]
    config = override(RunConfig(), settings)
    run(config, "store", console=Console(), title="t", until="encode")
    print(open_store("store").latents.sizes["image"], zpoints.__version__, zpoints.__file__)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel, made from the sdist as `pip install` makes it, and the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def version(wheel: Path) -> str:
    """The version that the wheel has from the tags of git."""
    return wheel.name.split("-")[1]


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site folder with the wheel and, installed after it, distributions of the bare names."""
    folder = tmp_path_factory.mktemp("site")
    pip_install(str(wheel), folder)
    for name in OTHERS:
        project = tmp_path_factory.mktemp(name)
        (project / name).mkdir()
        (project / name / "__init__.py").write_text("OWNER = 'another distribution'\n")
        (project / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
            f'[project]\nname = "{name}"\nversion = "1"\n[tool.setuptools]\npackages = ["{name}"]\n'
        )
        pip_install(str(project), folder)
    return folder


def pip_install(what: str, folder: Path) -> None:
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target"]
    command = [sys.executable, "-m", "pip", "install", *options, str(folder), what]
    subprocess.run(command, check=True, capture_output=True, text=True)


def tracked(*folders: str) -> set[str]:
    """Files of these folders of the repository, without what is built."""
    return {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_wheel__holds_every_file_under_one_name(wheel: Path, version: str) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())

    assert {PurePosixPath(name).parts[0] for name in names} == {
        "zpoints",
        f"zpoints-{version}.dist-info",
    }
    wanted = {f"zpoints/{name}" for name in tracked(*OTHERS)}
    door = {f"zpoints/{path.name}" for path in (ROOT / "src/zpoints").iterdir() if path.is_file()}
    assert wanted | door == {name for name in names if name.startswith("zpoints/")}


def test_wheel__leads_to_the_project(wheel: Path, version: str) -> None:
    metadata = zipfile.ZipFile(wheel).read(f"zpoints-{version}.dist-info/METADATA").decode()

    assert "Project-URL: Homepage, https://" in metadata
    assert "](examples/" not in metadata
    assert "](https://github.com/zpoints/zpoints/raw/main/examples/demo_faces.png)" in metadata


def test_sdist__brings_tests_and_examples(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}

    assert tracked("tests", "examples") <= names
    assert {"README.md", "LICENSE", "CHANGELOG.md", "constraints.txt", "environment.yml"} <= names
    twice = (*(f"{folder}/" for folder in OTHERS), ".git")
    assert not any(name.startswith(twice) for name in names)


def metadata_version(folder: Path) -> str:
    """The version in the metadata that an installation from a folder gets."""
    script = (
        "import tempfile, setuptools.build_meta as b; "
        "print(b.prepare_metadata_for_build_wheel(tempfile.mkdtemp()))"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.split()[-1].removeprefix("zpoints-").removesuffix(".dist-info")


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs the repository")
def test_version__is_that_of_the_last_tag(tmp_path: Path) -> None:
    clone, archive = tmp_path / "clone", tmp_path / "archive"

    def git(*arguments: str) -> None:
        who = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        command = ["git", "-C", str(clone), *who, *arguments]
        subprocess.run(command, check=True, capture_output=True)

    command = ["git", "clone", "--quiet", "--no-tags", "--sparse", str(ROOT), str(clone)]
    subprocess.run(command, check=True, capture_output=True)
    git("sparse-checkout", "set", "src")
    archive.mkdir()

    versions = [metadata_version(clone)]
    git("tag", "v9.8.7")
    versions.append(metadata_version(clone))
    git("archive", "--output", str(tmp_path / "archive.tar"), "HEAD")
    git("commit", "--quiet", "--allow-empty", "--message", "later")
    versions.append(metadata_version(clone))
    with tarfile.open(tmp_path / "archive.tar") as tar:
        tar.extractall(archive, filter="data")
    versions.append(metadata_version(archive))
    (archive / ".git_archival.txt").unlink()
    versions.append(metadata_version(archive))

    assert versions[0].startswith("0.1.dev")
    assert versions[1:] == ["9.8.7", "9.8.8.dev1", "9.8.7", "0.1.dev0"]


def test_wheel__works_beside_users_files_and_distributions_of_the_bare_names(
    site: Path, version: str, tmp_path: Path
) -> None:
    for name in OTHERS:
        assert "another" in (site / name / "__init__.py").read_text()
    (tmp_path / "pipeline.py").write_text("OWNER = 'user'\n")
    (tmp_path / "cluster.py").write_text("OWNER = 'user'\n")
    (tmp_path / "storage").mkdir()
    (tmp_path / "storage" / "__init__.py").write_text("OWNER = 'user'\n")
    (tmp_path / "script.py").write_text(USERS_SCRIPT)

    done = run_python("script.py", site=site, folder=tmp_path)

    assert done.stderr == ""
    assert done.stdout.split() == ["60", version, str(site / "zpoints" / "__init__.py")]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["-m", "zpoints.cluster.cli.main", "--help"], id="command line"),
        pytest.param(["-c", "import zpoints.cluster.jobs.driver_process"], id="driver of a job"),
        pytest.param(["-c", "import zpoints.cluster.compute.preload"], id="preload module"),
    ],
)
def test_modules__start_from_a_folder_with_users_files(
    arguments: list[str], site: Path, tmp_path: Path
) -> None:
    for name in OTHERS:
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the file of the user')\n")

    done = run_python(*arguments, site=site, folder=tmp_path)

    assert "Traceback" not in done.stderr
    assert "the file of the user" not in done.stdout + done.stderr


def run_python(*arguments: str, site: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        timeout=300,
    )
