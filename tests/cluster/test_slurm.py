"""The Slurm of the tests."""

import subprocess
from pathlib import Path

import psutil

from tests.cluster.slurm import Slurm


def test_slurm__runs_jobs_and_listens_on_the_loopback_interface_only(
    slurm: Slurm, tmp_path: Path
) -> None:
    out = tmp_path / "out"

    subprocess.run(
        ["sbatch", f"--output={out}", "--wait", "--wrap", "echo on $SLURM_JOB_NODELIST"],
        check=True,
        timeout=60,
    )

    assert out.read_text() == "on localhost\n"
    daemons = [p for p in psutil.process_iter(["name"]) if p.info["name"].startswith("slurm")]
    sockets = [c for p in daemons for c in p.net_connections("tcp") if c.status == "LISTEN"]
    assert sockets
    assert {c.laddr.ip for c in sockets} <= {"127.0.0.1", "::1"}
