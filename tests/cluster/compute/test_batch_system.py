"""Scripts of batch jobs, checked without a batch system."""

import os
from pathlib import Path

import pytest

from tests.conftest import SilentConsole
from zpoints.cluster.compute.batch_system import SYSTEMS, _cluster_without_jobs, batch_cluster
from zpoints.cluster.compute.security import shared_folder_security
from zpoints.cluster.errors import ClusterError
from zpoints.pipeline.config.cluster import ClusterConfig
from zpoints.pipeline.config.run import RunConfig, override

REQUESTED = [
    "cluster.jobs.cores=8",
    "cluster.jobs.memory=32GiB",
    "cluster.jobs.processes=2",
    "cluster.jobs.walltime=02:00:00",
    "cluster.jobs.queue=long",
    "cluster.jobs.account=faces",
    "cluster.jobs.interface=lo",
    "cluster.jobs.gpu=true",
    "cluster.jobs.directives=[--of-the-site]",
    "cluster.jobs.prologue=[source /opt/zpoints/bin/activate]",
]
DIRECTIVES = {
    "slurm": [
        *("#SBATCH -p long", "#SBATCH -A faces", "#SBATCH --cpus-per-task=8", "#SBATCH --mem=32G"),
        *("#SBATCH -t 02:00:00", "#SBATCH --of-the-site"),
    ],
    "pbs": [
        *("#PBS -q long", "#PBS -A faces", "#PBS -l select=1:ncpus=8:mem=32GB"),
        *("#PBS -l walltime=02:00:00", "#PBS --of-the-site"),
    ],
    "lsf": [
        *("#BSUB -q long", '#BSUB -P "faces"', "#BSUB -n 8", '#BSUB -R "span[hosts=1]"'),
        *("#BSUB -M 34359739", "#BSUB -W 02:00:00", "#BSUB --of-the-site"),  # kB
    ],
}


def configured(kind: str, folder: Path, *overrides: str) -> ClusterConfig:
    settings = [f"cluster.kind={kind}", f"cluster.jobs.folder={folder}", *overrides]
    return override(RunConfig(), settings).cluster


def script_of(config: ClusterConfig, folder: Path) -> str:
    """The script that would be submitted to the batch system."""
    with (
        shared_folder_security(config.tls, folder) as security,
        _cluster_without_jobs(config, folder, security, []) as cluster,
    ):
        return str(cluster.job_script())


@pytest.mark.parametrize("kind", DIRECTIVES)
def test_job_script__requests_what_is_configured(kind: str, tmp_path: Path) -> None:
    script = script_of(configured(kind, tmp_path, *REQUESTED), tmp_path)

    *lines, worker = script.strip().splitlines()
    assert set(DIRECTIVES[kind]) <= set(lines)
    assert lines[-1] == "source /opt/zpoints/bin/activate"
    assert f"{tmp_path}/logs/" in script
    for option in (
        *(" tls://127.0.0.1:", "--protocol tls://", "--interface lo"),
        *("--nworkers 2", "--nthreads 4", "--memory-limit 16.00GiB"),
        *("--resources GPU=2", "--no-dashboard", "--dashboard-address 127.0.0.1:0"),
        f"--tls-ca-file {tmp_path}/certificates-",
        *("/ca.pem --tls-cert ", "/certificate.pem --tls-key ", "/key.pem"),
    ):
        assert option in worker


@pytest.mark.parametrize("kind", DIRECTIVES)
def test_job_script__an_unknown_interface_is_an_error(kind: str, tmp_path: Path) -> None:
    config = configured(kind, tmp_path, *REQUESTED, "cluster.jobs.interface=nosuch0")

    with pytest.raises(ClusterError, match=r"'nosuch0' is not a valid .* See cluster\.jobs"):
        script_of(config, tmp_path)


@pytest.mark.parametrize(
    ("kind", "output", "cancelled"),
    [
        ("slurm", b"Supercomputer3\n519605\n", ["scancel", "519605"]),
        ("slurm", b"Supercomputer3\n519605;east\n", ["scancel", "--clusters=east", "519605"]),
        ("slurm", b"Gr\xfc\xdfe aus 3\n519605\n", ["scancel", "519605"]),
        ("slurm", b"Submitted to Supercomputer3\n", None),
        ("pbs", b"Quota: 3 TB\n519605.head1\n", ["qdel", "519605"]),
        ("pbs", b"Quota: 3 TB\n", None),
        ("lsf", b"Host 3\nJob <519605> is submitted to queue <long>.\n", ["bkill", "519605"]),
        ("lsf", b"Host 3 is busy\n", None),
    ],
)
def test_job__is_cancelled_under_its_own_number_only(
    kind: str,
    output: bytes,
    cancelled: list[str] | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job_class = SYSTEMS[kind][0].job_cls
    (tmp_path / "output").write_bytes(output)
    for command in (job_class.submit_command, job_class.cancel_command):
        script = f'#!/bin/sh\necho "${{0##*/}}" "$@" >>{tmp_path}/calls\ncat {tmp_path}/output\n'
        (tmp_path / command).write_text(script)
        (tmp_path / command).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    config = configured(kind, tmp_path / "jobs", *REQUESTED, "cluster.worker_timeout=20")

    def submit() -> None:
        with batch_cluster(config, SilentConsole()):
            pass

    if cancelled is None:
        with pytest.raises(ClusterError, match=f"no job number, but: {output.decode().strip()}"):
            submit()
    else:
        submit()

    calls = (tmp_path / "calls").read_text().splitlines()
    found = [call.split() for call in calls if call.startswith(job_class.cancel_command)]
    assert found == ([] if cancelled is None else [cancelled])
