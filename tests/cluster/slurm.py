"""Runs Slurm on this machine for tests: a controller and one node."""

import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.waiting import wait_until

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")
NEEDED = "needs a Slurm: apt-get install slurm-wlm (as root); missing here: "
SECONDS_TO_START = 30.0
CPUS = 8

# auth/none trusts everyone who reaches the daemons; they use the loopback interface only.
CONFIGURATION = """
ClusterName=zpoints
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
CredType=cred/none
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,bf_interval=1
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=2
MinJobAge=300
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
NodeName=localhost NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=main Nodes=localhost Default=YES MaxTime=60 State=UP
"""


@dataclass(frozen=True)
class Slurm:
    """A running Slurm; while the fixture lives, SLURM_CONF points every command to it.

    Attributes
    ----------
    folder
        Folder of configuration, state and logs.
    """

    folder: Path

    def jobs(self) -> list[tuple[str, str]]:
        """Number and state (e.g. ``RUNNING``) of the jobs that have not ended."""
        listed = command("squeue", "--noheader", "--format=%i %T")
        return [(number, state) for number, state in map(str.split, listed.splitlines())]

    def cancel_all(self) -> None:
        """Kill every job; returns when none is left."""
        command("scancel", "--user", getpass.getuser())
        self.wait_for_the_end()

    def wait_for_the_end(self) -> None:
        """Wait until no job is left."""
        self.wait_until(lambda: not self.jobs(), "the jobs to end")

    def wait_until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for a condition, or fail with the end of the daemons' logs."""
        wait_until(condition, what, seconds=SECONDS_TO_START, details=self._details)

    def _details(self) -> str:
        logs = (*self.folder.glob("*.log"), *self.folder.glob("*.out"))
        return "".join(path.read_text()[-1500:] for path in logs)


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    """A running Slurm; skips the test if Slurm is not installed."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        pytest.skip(NEEDED + ", ".join(missing))
    folder = tmp_path_factory.mktemp("slurm")
    configure(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
        daemons = [
            start(folder, "slurmctld", "-D", "-i"),
            start(folder, "slurmd", "-D", "-N", "localhost"),
        ]
        running = Slurm(folder)
        try:
            running.wait_until(
                lambda: "idle" in command("sinfo", "--noheader", "--format=%T"), "Slurm"
            )
            yield running
            running.cancel_all()
        finally:
            for daemon in reversed(daemons):
                daemon.terminate()
            for daemon in daemons:
                daemon.wait(10)


def configure(folder: Path) -> None:
    """Write slurm.conf with free ports and all files in the folder."""
    for name in ("state", "spool"):
        (folder / name).mkdir()
    controller, node = free_ports(2)
    text = CONFIGURATION.format(
        folder=folder,
        user=getpass.getuser(),
        controller=controller,
        node=node,
        cpus=CPUS,  # more than a small machine has, so that driver and workers fit together
        memory=max(1000, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20),
    )
    (folder / "slurm.conf").write_text(text)


def free_ports(count: int) -> list[int]:
    """Free ports of the loopback interface."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    with Path(folder, f"{arguments[0]}.out").open("wb") as out:
        return subprocess.Popen(arguments, stdout=out, stderr=subprocess.STDOUT)


def command(*arguments: str) -> str:
    """Output of a Slurm command; empty while the controller does not answer."""
    return subprocess.run(arguments, capture_output=True, text=True, timeout=30).stdout
