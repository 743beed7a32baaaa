"""A Dask scheduler that is running already, on any machine."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import dask
from distributed import Client

from cluster.errors import ClusterError, cause_of
from cluster.security import check_plain, client_security
from pipeline.cluster_config import ClusterConfig
from pipeline.config import ConfigError
from pipeline.console import Console


@contextmanager
def running_cluster(config: ClusterConfig, console: Console) -> Iterator[Client]:
    """A client of the scheduler at ``cluster.address``; its workers stay when the block ends.

    Raises
    ------
    ConfigError
        If no address is configured.
    SecurityError
        If the connection would not be safe, or certificates are missing.
    ClusterError
        If no scheduler answers, or it has no workers.
    """
    address = config.address or dask.config.get("scheduler-address", None)
    if address is None:
        raise ConfigError(
            "cluster.kind is address, and cluster.address is not set. Name the scheduler: "
            "--cluster tls://host:8786."
        )
    check_plain(address, allowed=config.plain)
    security = client_security(config.tls) if address.startswith("tls://") else None
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
