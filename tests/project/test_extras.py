"""The base opens, queries and computes; what needs an extra names it."""

import json
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest

from zpoints.extras import EXTRAS

PYPROJECT = tomllib.loads(Path("pyproject.toml").read_text())["project"]

BASE = """
import json, sys
for library in json.loads(sys.argv[2]):
    sys.modules[library] = None  # as if it were not installed
import zpoints as zp
from zpoints.extras import MissingExtraError
store = zp.open(sys.argv[1])
"""

COMPUTED = """
assert repr(store) and store._repr_html_() and store.latents._repr_html_() and store.history()
smiling = store.query("Smiling and not Male").z
print(float(abs(smiling.mean("image")).max().compute()) > 0)
print(store.images.pixels[:2].compute().shape, store.samples("ellipse").z[:2].compute().shape)
print(store.project(0, components=2).shape, store.walk(0, 1, steps=3).shape)
print(len(store.compare()) > 2, store.add("Smiling", 0).shape == store.latents.z[0].shape)
print(store.export("latents", sys.argv[3], form="zarr").name)
"""

ASKED = """
for ask in sys.argv[3:]:
    try:
        eval(ask)
    except MissingExtraError as error:
        print(str(error).partition("the extra '")[2].partition("'")[0], error.name)
    else:
        print("nothing raised")
"""


def hidden() -> str:
    """The libraries of all extras as JSON."""
    return json.dumps(sorted(set(chain.from_iterable(EXTRAS.values()))))


def in_the_base(code: str, root: str, *arguments: str) -> list[str]:
    """The lines that a script prints in a process for which no library of an extra is installed."""
    command = [sys.executable, "-W", "error", "-c", BASE + code, root, hidden(), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def test_base__opens_queries_and_computes(small_root: str, tmp_path: Path) -> None:
    lines = in_the_base(COMPUTED, small_root, str(tmp_path / "exported"))

    assert lines == [
        "True",
        "(2, 32, 32, 3) (2, 112)",
        "(2,) (3, 112)",
        "True True",
        "exported",
    ]


def test_base__names_the_extra_that_a_question_needs(small_root: str) -> None:
    asked = {
        "store.draw('ellipse', 2)": "analyze",
        "store.neighbours(0)": "analyze",
        "store.hit_test()": "analyze",
        "store.claims": "analyze",
        "store.diff()": "analyze",
        "store.export('latents', 'never', form='csv')": "analyze",
        "zp.analyze": "analyze",
        "zp.compare": "analyze",
        "store.decode(store.latents.z[:1])": "train",
        "zp.demo_store()": "cluster",
        "store.faces()": "report",
        "zp.pl": "report",
        "store.explore()": "explore",
    }

    lines = in_the_base(ASKED, small_root, *asked)

    assert [line.split()[0] for line in lines] == list(asked.values())


COMMAND = """
import json, sys
for library in json.loads(sys.argv[2]):
    sys.modules[library] = None
from zpoints.cluster.cli.main import main
sys.argv = ["zpoints", *sys.argv[3:]]
main()
"""


def command_in_the_base(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of a `zpoints` for which no library of an extra is installed."""
    command = [sys.executable, "-W", "error", "-c", COMMAND, "", hidden(), *arguments]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize(
    "arguments",
    [("info",), ("history",), ("verify", "--sample", "10"), ("doctor",), ("jobs",)],
    ids=lambda arguments: arguments[0],
)
def test_base__has_the_commands_that_read(small_root: str, arguments: tuple[str, ...]) -> None:
    done = command_in_the_base(arguments[0], small_root, *arguments[1:])

    assert done.returncode == 0, done.stderr
    assert done.stdout or "No jobs" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        *("demo --root never", "run celeba-case-1 --root never", "import never.npy --root never"),
        *("submit celeba-case-1 --root never", "schedule celeba-case-1 --root never --cron 0"),
    ],
)
def test_base__commands_that_run_name_all_extras_at_once(arguments: str) -> None:
    done = command_in_the_base(*arguments.split())

    assert done.returncode == 1, done.stderr
    assert "pip install '.[train,cluster,report]'" in done.stderr
    assert "Traceback" not in done.stderr
    assert not Path("never").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        *("report ROOT --folder never", "explore ROOT", "diff ROOT", "compare ROOT ROOT", "config"),
        *("export ROOT latents never --as csv", "synthesize never"),
    ],
)
def test_base__commands_that_need_an_extra_name_it(small_root: str, arguments: str) -> None:
    words = [small_root if word == "ROOT" else word for word in arguments.split()]

    done = command_in_the_base(*words)

    assert done.returncode == 1, done.stderr
    assert "This needs the extra" in done.stderr
    assert "Traceback" not in done.stderr
    assert not Path("never").exists()


@pytest.mark.parametrize("extra", EXTRAS)
def test_extras__list_the_libraries_of_the_package(extra: str) -> None:
    distributions = packages_distributions()
    listed = {distributions[library][0].lower().replace("_", "-") for library in EXTRAS[extra]}

    required = PYPROJECT["optional-dependencies"][extra]

    names = {text.partition(">")[0] for text in required if not text.startswith("zpoints[")}
    assert {name.lower().replace("_", "-") for name in names} == listed


def test_extras__all_of_them_are_in_all() -> None:
    assert PYPROJECT["optional-dependencies"]["all"] == [f"zpoints[{','.join(EXTRAS)}]"]
