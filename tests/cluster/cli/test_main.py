"""The command line: output and exit codes, with a few commands as processes."""

import errno
import platform
import shutil
import signal
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import xarray as xr
import yaml

from tests.cluster.cli.commands import ZPOINTS, zpoints, zpoints_process
from tests.conftest import SMALL
from zpoints.cluster.cli.tables import history_table
from zpoints.pipeline.config.run import RunConfig
from zpoints.storage import Version, open_store


@pytest.mark.parametrize(
    "command", [zpoints, pytest.param(zpoints_process, marks=pytest.mark.services)]
)
def test_run__reports_an_up_to_date_store(
    command: Callable[..., CompletedProcess[str]],
    small_config: RunConfig,
    small_root: str,
    tmp_path: Path,
) -> None:
    config = tmp_path / "small.yaml"
    config.write_text(yaml.safe_dump(small_config.model_dump(mode="json")))

    done = command("run", config, "--root", small_root, folder=tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "All 14 results are up to date." in done.stdout
    assert f"Report: file://{small_root}/report/index.html" in done.stdout
    assert done.stdout.splitlines()[-1] == f"Next:   zpoints explore {small_root}"
    assert len(done.stdout.splitlines()) <= 8


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["run", "absent.yaml"], 2, "neither a file nor a preset"),
        (["run", "demo", "--set", "train.epochs=0"], 2, "train.epochs"),
        (["run", "demo", "--until", "paint"], 2, "paint"),
        (["sweep", "absent.yaml"], 2, "neither a file nor a preset"),
        (["sweep", "demo", "--grid", "fact=-1"], 2, "sweep.grid.fact: expected more than 0"),
        (["sweep", "demo", "--generator", "uniform"], 2, "sweep.grid: the generator uniform needs"),
        (["sweep", "absent.yaml", "--cluster", "local", "--strict"], 2, "neither a file nor"),
        (["run", "demo"], 2, "ingest.source is not set"),
        (["run", "demo", "--set", "ingest.source=absent"], 2, "does not exist"),
        (["run", "demo", "--set", "sample.generators.ellipse.K=400"], 2, "train.z_dim"),
        (["run", "demo", "--set", "analyze.selections.x=Young.a()"], 2, "Young>>>.<<<a()"),
        (["run", "demo", "--set", "train.seed=99999999999999999999"], 2, "train.seed"),
        (["run", ".."], 2, ".. is a folder"),
        (["run", "demo", "--set", "train={epochs: 1, epochs: 2}"], 2, "'epochs' a second time"),
        (["run", "demo", "--set", "cluster.worker_timeout=.inf"], 2, "a finite number"),
        (["wait", "id", "--timeout", "inf"], 2, "expected 0 to 2,592,000 seconds, got inf"),
        (["wait", "id", "--timeout", "nan"], 2, "expected 0 to 2,592,000 seconds, got nan"),
        (["logs", "id", "--follow", "--timeout=-1"], 2, "expected 0 to 2,592,000 seconds"),
        (["demo", "--root", "ftp://host/prefix"], 2, "expected a folder, s3://"),
        (["demo", "--root", "runs/x", "--faces", "s3://b/x"], 2, "s3://b/x is not a local folder"),
        (["run", "demo", "--root", "/proc/none", "--set", "ingest.source=."], 2, "ingest.source"),
        *(
            (["run", "demo", "--cluster", bad], 2, f"zpoints: --cluster {bad}: expected local")
            for bad in ("foo", "tls://head", "tls://head:port", "http://head:8786", "head:8786")
        ),
        (["demo", "--cluster", "foo"], 2, "slurm, pbs or lsf (jobs of a batch system), tls://HOST"),
        (["synthesize", "s3://bucket/faces"], 2, "s3://bucket/faces is not a local folder"),
        (["walk"], 2, "walk"),
        (["exprot"], 2, "Did you mean 'export'"),
        (["run", "demo", "--untill", "train"], 2, "--until"),
        (["run", "demo", "--until", "sampel"], 2, "did you mean sample?"),
        (["run", "dmeo"], 2, "Did you mean demo?"),
        (["run"], 2, "zpoints run celeba-case-1 --root runs/celeba"),
        (["run"], 2, "zpoints run [OPTIONS] CONFIG\n"),
        (["import", "v.npy"], 2, "Missing option '--root'. Store: a folder"),
        (["schedule", "demo", "--cron", "@daily", "--print", "systmd"], 2, "mean systemd?"),
        (["schedule", "demo"], 2, "the option --cron is missing"),
        (["run", "demo", "--cluster", "slrum"], 2, "Did you mean slurm?"),
        (["sweep", "demo", "--grid", "fact=[0.6,0.8]"], 2, "expected a number (got [0.6, 0.8])"),
        (["demo", "--set", "train.epoch=1"], 2, "did you mean train.epochs?"),
        (["demo", "--set", "ingest.source=x"], 2, "the demo draws its own photographs"),
    ],
)
def test_errors__have_a_message_and_an_exit_code(
    arguments: list[str], code: int, message: str, tmp_path: Path
) -> None:
    done = zpoints(*arguments, folder=tmp_path)

    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (MemoryError(), "The memory ran out (MemoryError): run zpoints where more memory is free."),
        (MemoryError("Unable to allocate 8 PiB."), "ran out (Unable to allocate 8 PiB): run"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "ran out ([Errno 12] Cannot allocate"),
        (RuntimeError("can't start new thread"), "The memory ran out (can't start new thread)"),
        (OSError(errno.EACCES, "Permission denied", "x"), "zpoints: [Errno 13] Permission denied"),
    ],
)
def test_errors__of_the_machine_have_a_message(
    error: Exception, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr("zpoints.cluster.cli.main.app", fail)

    done = zpoints("history", "root", folder=tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr


def test_history__lists_the_published_versions(small_root: str, tmp_path: Path) -> None:
    done = zpoints("history", small_root, "--all", folder=tmp_path)

    assert done.returncode == 0
    groups = [line.split()[3] for line in done.stdout.splitlines()[1:]]
    assert groups[::-1][:4] == ["images", "model", "latents", "statistics"]
    assert "samples/gaussian" in groups


def test_history__verbose_shows_the_provenance(small_root: str, tmp_path: Path) -> None:
    done = zpoints("history", small_root, "--verbose", folder=tmp_path)

    assert done.returncode == 0
    for text in ("fingerprint", "seed", platform.node(), "icechunk", "torch"):
        assert text in "".join(done.stdout.split())


def test_history_table__names_the_libraries_in_one_order() -> None:
    facts = {"fingerprint": "f", "host": "node7"}
    orders = [{"torch": "2.7", "numpy": "2.1"}, {"numpy": "2.1", "torch": "2.7"}]
    versions = [
        Version("V", datetime.now(UTC), "train", "m", {**facts, "versions": order})
        for order in orders
    ]

    made_with = history_table(versions, verbose=True).columns[-1]

    assert list(made_with.cells) == 2 * ["numpy 2.1, torch 2.7"]


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"rows": "many", "duration": None, "versions": 3, "host": ["x"]},
        {"rows": {}, "duration": "1", "group": "\x1b[2Ja\nb", "versions": {"a": {}}},
    ],
)
def test_history_table__accepts_commits_of_others(facts: dict[str, object]) -> None:
    version = Version("V", datetime.now(UTC), "train", "m", facts)

    table = history_table([version], verbose=True)

    assert table.row_count == 1
    assert "\x1b" not in str(list(table.columns[2].cells))


def test_export__plain_xarray_reads_it(small_root: str, tmp_path: Path) -> None:
    done = zpoints_process("export", small_root, "latents", "latents.zarr", folder=tmp_path)

    assert done.returncode == 0
    assert done.stderr == ""
    assert xr.open_zarr(tmp_path / "latents.zarr")["z"].shape == (160, 112)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["latent"], "latents"), (["latents", "--as", "pgn"], "did you mean png? Choose one of zarr")],
)
def test_export__refuses_an_unknown_group_or_form(
    arguments: list[str], message: str, small_root: str, tmp_path: Path
) -> None:
    group, *more = arguments

    done = zpoints("export", small_root, group, "out", *more, folder=tmp_path)

    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.parametrize("form", ["zarr", "png"])
def test_export__refuses_a_bucket(small_root: str, tmp_path: Path, form: str) -> None:
    done = zpoints("export", small_root, "images", "s3://bucket/x", "--as", form, folder=tmp_path)

    assert done.returncode == 2
    assert "s3://bucket/x is not a local folder" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_report__writes_the_page_into_another_folder(small_root: str, tmp_path: Path) -> None:
    settings = [setting for setting in SMALL if setting.startswith("report.")]
    small = [word for setting in settings for word in ("--set", setting)]

    page = tmp_path / "Jörg"
    done = zpoints(
        *("report", small_root, "--folder", page, *small), folder=tmp_path, encoding="ascii"
    )

    assert done.returncode == 0, done.stderr
    assert (page / "index.html").is_file()
    assert (done.stdout + done.stderr).isascii()
    assert "J?rg" in done.stdout


def test_config__prints_what_run_accepts(tmp_path: Path) -> None:
    done = zpoints("config", "celeba-case-1", "--set", "train.epochs=7", folder=tmp_path)

    assert done.returncode == 0
    assert RunConfig.model_validate(yaml.safe_load(done.stdout)).train.epochs == 7


def test_synthesize__writes_a_celeba_tree(tmp_path: Path) -> None:
    done = zpoints("synthesize", "faces", "--count", 12, "--seed", 5, folder=tmp_path)

    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "faces" / "img_align_celeba").iterdir())) == 12


def test_help__names_every_command(tmp_path: Path) -> None:
    done = zpoints_process("--help", folder=tmp_path)

    for command in ("demo", "run", "synthesize", "history", "export", "report", "config"):
        assert command in done.stdout


def test_export__keeps_brackets_in_a_path(small_root: str, tmp_path: Path) -> None:
    done = zpoints("export", small_root, "statistics", "out[y]", folder=tmp_path)

    assert done.stdout.strip() == "statistics in out[y]"


def test_run__names_a_truncated_photograph_in_one_line(faces: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(faces, tree)
    photograph = tree / "img_align_celeba" / "000007.jpg"
    photograph.write_bytes(photograph.read_bytes()[:2000])
    command = ["run", "demo", "--set", f"ingest.source={tree}", "--until", "ingest"]

    lenient = zpoints(*command, folder=tmp_path)
    strict = zpoints(*command, "--strict", folder=tmp_path)

    assert lenient.returncode == 0
    assert (
        "1 photograph cannot be read and went into quarantine, e.g. 000007.jpg:" in lenient.stdout
    )
    assert strict.returncode == 1
    assert "1 photograph cannot be read: 000007.jpg" in strict.stderr
    assert "Traceback" not in lenient.stderr + strict.stderr


@pytest.mark.services
def test_run__an_interruption_explains_how_to_continue(faces: Path, tmp_path: Path) -> None:
    run = subprocess.Popen(
        [str(ZPOINTS), "run", "demo", "--set", f"ingest.source={faces}"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    for line in run.stdout:
        if "epochs" in line:
            break
    run.send_signal(signal.SIGINT)
    _, stderr = run.communicate(timeout=60)

    assert run.returncode == 130
    assert "The same command continues" in stderr
    assert "Traceback" not in stderr
    assert open_store(tmp_path / "runs" / "demo").groups == ("images",)


def test_export__writes_pictures_and_contact_sheets(small_root: str, tmp_path: Path) -> None:
    one_each = zpoints("export", small_root, "images", "faces", "--as", "jpeg", folder=tmp_path)
    sheets = zpoints(
        *("export", small_root, "samples/ellipse", "sheets", "--as", "png", "--sheets"),
        *("--columns", 8, "--rows", 5),
        folder=tmp_path,
    )

    assert (one_each.returncode, sheets.returncode) == (0, 0), one_each.stderr + sheets.stderr
    assert len(list((tmp_path / "faces").glob("*.jpg"))) == 160
    assert len(list((tmp_path / "sheets").glob("*.png"))) == 2


def test_export__pictures_need_images(small_root: str, tmp_path: Path) -> None:
    done = zpoints("export", small_root, "latents", "out", "--as", "png", folder=tmp_path)

    assert done.returncode == 2
    assert "latents has no images" in done.stderr
    assert zpoints("export", small_root, "images", "o", "--sheets", folder=tmp_path).returncode == 2


def test_export__refuses_sizes_of_sheets_without_sheets(small_root: str, tmp_path: Path) -> None:
    shown = zpoints(
        *("export", small_root, "images", "o", "--as", "png", "--columns", 4), folder=tmp_path
    )

    assert shown.returncode == 2
    assert "--columns applies to contact sheets only; add" in " ".join(shown.stderr.split())
    assert not (tmp_path / "o").exists()
