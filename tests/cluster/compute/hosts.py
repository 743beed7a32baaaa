"""Two hosts on this machine: connected network namespaces that share its files."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

NEEDED = "needs two network namespaces: "


@dataclass(frozen=True)
class Host:
    """A network namespace.

    Attributes
    ----------
    name
        Name of the namespace.
    address
        Address on the cable, which only the two hosts can reach.
    """

    name: str
    address: str

    @property
    def shell(self) -> tuple[str, ...]:
        """Prefix of a command that runs on this host."""
        return ("ip", "netns", "exec", self.name)


@contextmanager
def two_hosts() -> Iterator[tuple[Host, Host]]:
    """Two hosts with a cable between them; skips the test if they cannot be created."""
    if shutil.which("ip") is None:
        pytest.skip(f"{NEEDED}apt-get install iproute2 (as root); missing here: ip")
    if os.geteuid() != 0:
        pytest.skip(f"{NEEDED}missing here: root permissions")
    hosts = tuple(Host(f"zpoints-{os.getpid()}-{i}", f"10.77.0.{i}") for i in (1, 2))
    try:
        for host in hosts:
            made = ip("netns", "add", host.name)
            if made.returncode:
                pytest.skip(f"{NEEDED}ip netns add failed: {made.stderr.strip()}")
        first, second = hosts
        cable = ("cable", "netns", first.name, "type", "veth")
        configure("link", "add", *cable, "peer", "name", "cable", "netns", second.name)
        for host in hosts:
            configure("-n", host.name, "address", "add", f"{host.address}/24", "dev", "cable")
            for device in ("lo", "cable"):
                configure("-n", host.name, "link", "set", device, "up")
        yield first, second
    finally:
        for host in hosts:  # deletes the cable, too
            ip("netns", "delete", host.name)


def configure(*arguments: str) -> None:
    """Run a step that must succeed once the namespaces exist; fails the test otherwise."""
    done = ip(*arguments)
    if done.returncode:
        pytest.fail(f"ip {' '.join(arguments)} failed: {done.stderr.strip()}")


def ip(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(("ip", *arguments), capture_output=True, text=True, check=False)
