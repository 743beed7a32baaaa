"""What jobs print: kept in the root in pieces, and read wherever it still lies."""

import sys
from pathlib import Path

import pytest

from tests.cluster.cli.commands import zpoints
from tests.cluster.users import a_job
from zpoints.cluster.jobs.log import PIECE, JobLog
from zpoints.cluster.jobs.record import Jobs
from zpoints.cluster.jobs.submit import submit
from zpoints.cluster.jobs.wait import wait
from zpoints.pipeline.config.run import RunConfig
from zpoints.storage import open_repository

pytestmark = pytest.mark.services


def test_job_log__pieces_are_the_output_without_secrets(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
    root, output = open_repository(folder / "store").root, folder / "output"
    lines = [f"line {number} wJalrXUtnFEMI\n" for number in range(2 * PIECE // 20)]
    kept = JobLog(root, "job")
    reader = JobLog(root, "job")
    seen = b""

    with output.open("w") as file:
        for start in range(0, len(lines), 1500):
            file.writelines(lines[start : start + 1500])
            file.flush()
            kept.save(output)
            seen += reader.read(len(seen))

    text = "".join(lines).replace("wJalrXUtnFEMI", "*" * 13)
    assert seen.decode() == reader.read().decode() == text
    assert kept.saved == output.stat().st_size > 2 * PIECE


def test_logs__of_a_driver_that_could_not_start_are_what_it_printed(
    small_config: RunConfig, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "zpoints.cluster.jobs.launch.DRIVER", (sys.executable, "-c", "import nosuchmodule")
    )
    root = str(folder / "store")
    id_ = submit(small_config, root, title="t").id
    found = wait(root, id_, seconds=60)
    output = Path(found.job.output)

    here = zpoints("logs", id_, folder=folder)
    output.unlink()
    elsewhere = zpoints("logs", id_, folder=folder)

    assert found.state == "lost"
    assert "No module named 'nosuchmodule'" in here.stdout
    assert elsewhere.stdout == ""
    assert f"Look at {output} on {found.job.host}" in elsewhere.stderr


def test_logs__after_a_kill_end_with_what_the_root_had_no_time_to_get(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
    root, output = open_repository(folder / "store").root, folder / "output"
    job = a_job(state="running", pid=2**22 + 1, born=1.0, output=str(output))
    Jobs(root).add(job)
    output.write_text("wJalrXUtnFEMI 1\n")
    JobLog(root, job.id).save(output)
    output.write_text("wJalrXUtnFEMI 1\nwJalrXUtnFEMI 2\nthi")

    shown = zpoints("logs", job.id, "--root", root, folder=folder).stdout

    assert shown == f"{'*' * 13} 1\n{'*' * 13} 2\nthi"
