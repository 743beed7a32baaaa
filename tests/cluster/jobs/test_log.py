"""The output of jobs, saved in the root in pieces."""

import sys
from pathlib import Path

import pytest

from tests.cluster.cli.commands import zpoints
from tests.cluster.users import a_job
from zpoints.cluster.jobs.job import output_file
from zpoints.cluster.jobs.log import PIECE, JobLog
from zpoints.cluster.jobs.record import Jobs
from zpoints.cluster.jobs.submit import submit
from zpoints.cluster.jobs.wait import wait
from zpoints.cluster.run_ids import new_id
from zpoints.pipeline.config.run import RunConfig
from zpoints.storage import open_repository

pytestmark = pytest.mark.services


def test_job_log__pieces_are_the_output_without_secrets(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
    root, output = open_repository(folder / "store").root, folder / "output"
    lines = [f"line {number} wJalrXUtnFEMI\n" for number in range(2 * PIECE // 20)]
    writer = JobLog(root, "job")
    reader = JobLog(root, "job")
    followed = b""

    with output.open("w") as file:
        for start in range(0, len(lines), 1500):
            file.writelines(lines[start : start + 1500])
            file.flush()
            writer.save(output)
            followed += reader.read(len(followed))

    text = "".join(lines).replace("wJalrXUtnFEMI", "*" * 13)
    assert followed.decode() == reader.read().decode() == text
    assert writer.saved == output.stat().st_size > 2 * PIECE


def test_logs__of_a_driver_that_cannot_start_show_its_output(
    small_config: RunConfig, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "zpoints.cluster.jobs.launch.DRIVER", (sys.executable, "-c", "import nosuchmodule")
    )
    root = str(folder / "store")
    id_ = submit(small_config, root, title="t").id
    status = wait(root, id_, seconds=60)
    output = Path(status.job.output)

    here = zpoints("logs", id_, folder=folder)
    output.unlink()
    elsewhere = zpoints("logs", id_, folder=folder)

    assert status.state == "lost"
    assert "No module named 'nosuchmodule'" in here.stdout
    assert elsewhere.stdout == ""
    assert f"Look at {output} on {status.job.host}" in elsewhere.stderr


def test_logs__after_a_kill_include_the_output_that_was_not_saved(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
    root, id_ = open_repository(folder / "store").root, new_id()
    output = Path(output_file(str(folder), id_))
    job = a_job(id=id_, state="running", pid=2**22 + 1, born=1.0, output=str(output))
    Jobs(root).add(job)
    output.write_text("wJalrXUtnFEMI 1\n")
    JobLog(root, job.id).save(output)
    output.write_text("wJalrXUtnFEMI 1\nwJalrXUtnFEMI 2\nthi")

    shown = zpoints("logs", job.id, "--root", root, folder=folder).stdout

    assert shown == f"{'*' * 13} 1\n{'*' * 13} 2\nthi"
