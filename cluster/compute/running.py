"""A Dask scheduler that is running already, on any machine."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import dask
from distributed import Client
from distributed.security import Security

from zpoints.cluster.compute.security import check_plain, client_security
from zpoints.cluster.errors import ClusterError, cause_of
from zpoints.pipeline.config.cluster import ClusterConfig, scheduler_address
from zpoints.pipeline.config.run import ConfigError
from zpoints.pipeline.progress import Console


def way_to(config: ClusterConfig) -> tuple[str, Security | None]:
    """The address of the scheduler that is configured, and certificates where it speaks TLS.

    Raises
    ------
    ConfigError
        If no address is configured, or Dask's setting is none.
    SecurityError
        If the connection would not be safe, or certificates are missing.
    """
    address = config.address or dask.config.get("scheduler-address", None)
    if address is None:
        raise ConfigError(
            "cluster.kind is address, and cluster.address is not set. Name the scheduler: "
            "--cluster tls://host:8786."
        )
    try:
        scheduler_address(address)
    except ValueError as error:
        raise ConfigError(f"scheduler-address in Dask's own configuration: {error}.") from error
    check_plain(address, allowed=config.plain)
    return address, client_security(config.tls) if address.startswith("tls://") else None


def check_usage(config: ClusterConfig) -> None:
    """Refuse, before anything is made, what ``running_cluster`` could only refuse; see ``way_to``.

    Other kinds of cluster pass.
    """
    if config.kind == "address":
        way_to(config)


@contextmanager
def running_cluster(config: ClusterConfig, console: Console) -> Iterator[Client]:
    """A client of the scheduler at ``cluster.address``; its workers stay when the block ends.

    Raises
    ------
    ConfigError, SecurityError
        As ``way_to``.
    ClusterError
        If no scheduler answers.
    """
    address, security = way_to(config)
    try:
        client = Client(address, security=security, timeout=config.connect_timeout)
    except (OSError, ValueError, RuntimeError) as error:
        raise ClusterError(
            f"No scheduler that takes this client answers at {address}: {cause_of(error)} "
            f"(cluster.connect_timeout = {config.connect_timeout:g} s). Start one (dask "
            "scheduler), and see that address, firewall and certificates agree."
        ) from error
    try:
        yield client
    finally:
        with suppress(TimeoutError):  # a scheduler that hangs does not say goodbye
            client.close(timeout=config.connect_timeout)
