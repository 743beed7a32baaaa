"""Starts a Dask scheduler and workers with TLS as processes, by Dask's own commands."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from distributed.security import Security

from tests.forks import Fork, dask_command
from zpoints.pipeline.config.cluster import TlsConfig

Process = subprocess.Popen[bytes] | Fork

SECONDS_TO_START = 60.0


@dataclass
class DaskProcesses:
    """A running scheduler and its workers.

    Attributes
    ----------
    address
        Address of the scheduler.
    tls
        Certificates of the cluster.
    folder
        Folder of the logs and the workers' files.
    """

    address: str
    tls: TlsConfig
    folder: Path
    scheduler: Process
    workers: list[Process] = field(default_factory=list)

    def start_worker(self, *options: str, shell: tuple[str, ...] = ()) -> Process:
        """Start a worker under a nanny, which replaces it when it dies.

        ``shell`` is the command prefix that selects the host.
        """
        worker = start(
            self.folder,
            f"worker-{len(self.workers)}",
            *("worker", self.address, "--nthreads", "1", *tls_options(self.tls)),
            *("--local-directory", str(self.folder), "--dashboard-address", "127.0.0.1:0"),
            *("--no-dashboard", *options),
            shell=shell,
        )
        self.workers.append(worker)
        return worker

    @property
    def overrides(self) -> list[str]:
        """Settings of a run on this cluster."""
        return [
            "cluster.kind=address",
            f"cluster.address={self.address}",
            *certificates(self.tls),
        ]

    def end_workers(self) -> None:
        """Kill the workers and their nannies."""
        for process in self.workers:
            kill_tree(process.pid)
            process.wait(10)

    def end(self) -> None:
        """Kill workers and scheduler."""
        self.end_workers()
        self.scheduler.kill()
        self.scheduler.wait(10)


@contextmanager
def dask_processes(folder: Path, *workers: tuple[str, ...]) -> Iterator[DaskProcesses]:
    """A scheduler, and one worker with one thread per tuple of further options."""
    cluster = start_scheduler(folder)
    try:
        for options in workers:
            cluster.start_worker(*options)
        yield cluster
    finally:
        cluster.end()


def start_scheduler(
    folder: Path, *, host: str = "127.0.0.1", shell: tuple[str, ...] = ()
) -> DaskProcesses:
    """Start a scheduler with its own certificates; returns when it is reachable.

    ``host`` is the address that it listens on, ``shell`` the command prefix that selects the host.
    """
    tls, description = write_certificates(folder), folder / "scheduler.json"
    options = ("--protocol", "tls", "--host", host, "--port", "0")
    files = ("--scheduler-file", str(description), "--dashboard-address", "127.0.0.1:0")
    arguments = ("scheduler", *options, *files, *tls_options(tls))
    process = start(folder, "scheduler", *arguments, shell=shell)
    limit = time.monotonic() + SECONDS_TO_START
    while not description.exists() or not description.read_text():
        if process.poll() is not None or time.monotonic() > limit:
            pytest.fail(f"the scheduler did not start: {(folder / 'scheduler.log').read_text()}")
        time.sleep(0.05)
    address = json.loads(description.read_text())["address"]
    return DaskProcesses(address, tls, folder, process)


def write_certificates(folder: Path) -> TlsConfig:
    """Write a new self-signed certificate and its key."""
    temporary = Security.temporary()
    folder.mkdir(exist_ok=True)
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    certificate.write_text(temporary.tls_ca_file)
    key.touch(mode=0o600)
    key.write_text(temporary.tls_client_key)
    return TlsConfig(ca=str(certificate), certificate=str(certificate), key=str(key))


def certificates(tls: TlsConfig) -> list[str]:
    """Settings of a run with these certificates."""
    return [f"cluster.tls.{part}={path}" for part, path in tls.model_dump().items()]


def tls_options(tls: TlsConfig) -> list[str]:
    return [
        *("--tls-ca-file", str(tls.ca)),
        *("--tls-cert", str(tls.certificate)),
        *("--tls-key", str(tls.key)),
    ]


def start(folder: Path, name: str, *arguments: str, shell: tuple[str, ...] = ()) -> Process:
    """Start one of Dask's commands; its output goes to a file."""
    log = folder / f"{name}.log"
    if not shell:
        return dask_command(*arguments, log=log)
    with log.open("wb") as out:
        return subprocess.Popen(
            [*shell, sys.executable, "-m", "dask", *arguments],
            stdout=out,
            stderr=subprocess.STDOUT,
        )


def kill_tree(pid: int) -> None:
    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return
    for each in (process, *process.children(recursive=True)):
        each.kill()
