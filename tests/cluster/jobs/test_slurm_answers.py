"""What a site's Slurm prints: messages around the number, several clusters, unknown numbers."""

from pathlib import Path

import pytest

from tests.cluster.cli.commands import zpoints
from tests.cluster.slurm_commands import BANNER, UNKNOWN, SlurmCommands
from tests.synthetic_faces import draw_faces
from zpoints.cluster.batch_job import BatchJob
from zpoints.cluster.jobs.record import Jobs
from zpoints.cluster.jobs.slurm import SlurmError, dequeue, enqueue, in_queue


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SlurmCommands:
    return SlurmCommands.on_path(tmp_path / "bin", monkeypatch)


def submit(folder: Path) -> tuple[int, str, str]:
    """Submit a run to Slurm; exit code, output and errors."""
    draw_faces(folder / "faces", count=1, seed=0)
    settings = ("cluster.kind=slurm", "ingest.source=faces", f"cluster.jobs.folder={folder}")
    options = [word for setting in settings for word in ("--set", setting)]
    done = zpoints("submit", "demo", "--root", "store", *options, folder=folder)
    return done.returncode, done.stdout.strip(), done.stderr


@pytest.mark.parametrize(
    ("output", "number", "cluster"),
    [
        pytest.param("519605\n", "519605", None, id="the number alone"),
        pytest.param(f"{BANNER}519605\n", "519605", None, id="a message before it"),
        pytest.param("519605;east-2\n", "519605", "east-2", id="a cluster"),
        pytest.param(f"{BANNER}519605;east\n", "519605", "east", id="a message and a cluster"),
        pytest.param("2026\n519605\n", "519605", None, id="a message that is a number"),
        pytest.param("519605\r\nBudget: 3000 h\n", "519605", None, id="a message after it"),
        pytest.param(b"Gr\xfc\xdfe\n519605\n", "519605", None, id="a message in Latin-1"),
    ],
)
def test_submit__takes_the_number_from_a_line_of_its_own(
    output: str | bytes, number: str, cluster: str | None, commands: SlurmCommands, folder: Path
) -> None:
    commands.answer("sbatch", output)
    commands.answer("squeue", "state=PENDING\n")
    commands.answer("scancel")

    code, id_, errors = submit(folder)
    job = Jobs(str(folder / "store")).read(id_)
    listed = zpoints("jobs", "store", folder=folder).stdout
    commands.answer("squeue", BANNER)  # after scancel, only the site's message is left
    cancelled = zpoints("cancel", id_, folder=folder)

    assert (code, "zpoints: " in errors) == (0, False), errors
    assert "--parsable" in commands.calls("sbatch")
    assert (job.batch, job.batch_cluster) == (number, cluster)
    assert "queued" in listed
    assert (cancelled.returncode, cancelled.stdout.strip()) == (0, f"{id_} is cancelled.")
    option = [] if cluster is None else [f"--clusters={cluster}"]
    assert commands.calls("scancel") == ["--verbose", *option, "--", number]
    assert f"--jobs={number}" in commands.calls("squeue")
    assert set(option) <= set(commands.calls("squeue"))


@pytest.mark.parametrize(
    "output",
    [
        pytest.param("", id="nothing"),
        pytest.param(BANNER, id="a message without a number"),
        pytest.param("Submitted batch job\n", id="words only"),
        pytest.param("519605 519606\n", id="two numbers"),
        pytest.param("519605;\n", id="an empty cluster"),
        pytest.param("519605;-x\n", id="an option for a cluster"),
        pytest.param("519605;east west\n", id="a cluster with a space"),
        pytest.param("-1\n", id="a negative number"),
        pytest.param("0\n", id="zero"),
        pytest.param("--user=me\n", id="an option"),
        pytest.param("٥١٩٦٠٥\n", id="digits of another script"),
        pytest.param("5196055196055196055\n", id="more digits than Slurm has"),
    ],
)
def test_submit__without_a_number_is_refused_with_the_words_of_sbatch(
    output: str, commands: SlurmCommands, folder: Path
) -> None:
    commands.answer("sbatch", output, errors="a note of the site")

    code, printed, errors = submit(folder)

    assert (code, printed) == (1, "")
    assert " ".join(f"{output} a note of the site".split()) in errors
    assert "squeue --me" in errors
    assert [status.state for status in Jobs(str(folder / "store")).all()] == ["failed"]


@pytest.mark.parametrize(
    ("output", "errors", "code", "exit_code", "shown"),
    [
        pytest.param("", "", 0, 0, "is cancelled.", id="cancelled"),
        pytest.param(BANNER, "", 0, 0, "is cancelled.", id="with a message"),
        pytest.param("", UNKNOWN, 1, 1, "knows no job 519605", id="unknown"),
        pytest.param("", UNKNOWN, 0, 1, "knows no job 519605", id="unknown, as scancel exits"),
        pytest.param("", "Access denied", 1, 1, "Access denied", id="refused"),
        pytest.param(
            "", "Job/step already completing or completed", 1, 0, "is cancelled.", id="ended"
        ),
    ],
)
def test_cancel__is_a_success_only_if_slurm_has_removed_the_job(
    output: str,
    errors: str,
    code: int,
    exit_code: int,
    shown: str,
    commands: SlurmCommands,
    folder: Path,
) -> None:
    commands.answer("sbatch", "519605\n")
    _, id_, _ = submit(folder)
    commands.answer("scancel", output, errors=errors, code=code)
    commands.answer("squeue")

    done = zpoints("cancel", id_, folder=folder)

    assert done.returncode == exit_code
    assert f"{id_} is cancelled" in done.stdout + done.stderr
    assert shown in done.stdout + done.stderr
    assert Jobs(str(folder / "store")).read(id_).state == "cancelled"


def test_cancel__of_a_number_that_only_squeue_calls_unknown_is_no_success(
    commands: SlurmCommands, folder: Path
) -> None:
    commands.answer("sbatch", "519605\n")
    _, id_, _ = submit(folder)
    commands.answer("scancel")  # as it is without --verbose
    commands.answer("squeue", errors="Invalid job id specified", code=1)

    done = zpoints("cancel", id_, folder=folder)

    assert done.returncode == 1
    assert "knows no job 519605" in done.stderr


@pytest.mark.parametrize(
    ("output", "errors", "code", "queued"),
    [
        pytest.param("state=RUNNING\n", "", 0, True, id="running"),
        pytest.param(f"{BANNER}state=PENDING\n", "", 0, True, id="pending, with a message"),
        pytest.param(BANNER, "", 0, False, id="a message only"),
        pytest.param("NOTICE\n", "", 0, False, id="a message of one word"),
        pytest.param("CLUSTER: east\n", "", 0, False, id="the heading of a cluster only"),
        pytest.param("", "Invalid job id specified", 1, False, id="unknown"),
        pytest.param("", "Unable to contact slurm controller", 1, True, id="no answer"),
    ],
)
def test_in_queue__reads_states_only(
    output: str, errors: str, code: int, queued: bool, commands: SlurmCommands
) -> None:
    commands.answer("squeue", output, errors=errors, code=code)

    assert in_queue(BatchJob("519605", "east")) is queued


def test_in_queue__ignores_the_options_of_a_user(
    commands: SlurmCommands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SQUEUE_STATES", "RUNNING")
    commands.answer("squeue")  # may be executed from now on
    (commands.folder / "squeue").write_text(
        '#!/bin/sh\nif [ -z "$SQUEUE_STATES" ]; then echo state=PENDING; fi\n'
    )

    assert in_queue(BatchJob("519605"))


def test_enqueue__an_output_file_keeps_its_percent_signs(commands: SlurmCommands) -> None:
    commands.answer("sbatch", "7\n")

    enqueue(["true"], name="t", output="/data/100%j/x.log", options=[])

    assert "--output=/data/100%%j/x.log" in commands.calls("sbatch")


def test_dequeue__a_refusal_has_the_words_of_scancel(commands: SlurmCommands) -> None:
    commands.answer("scancel", BANNER, errors="Access denied", code=1)

    with pytest.raises(SlurmError, match=r"did not cancel job 7 of cluster east: Access denied"):
        dequeue(BatchJob("7", "east"))
