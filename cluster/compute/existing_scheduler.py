"""Connects to an existing Dask scheduler and compares its workers' library versions."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import dask
from distributed import Client
from distributed.security import Security

from zpoints.cluster.compute.scheduler_calls import call_scheduler
from zpoints.cluster.compute.security import check_plain, client_security
from zpoints.cluster.errors import ClusterError, root_cause
from zpoints.pipeline.config.cluster import ClusterConfig, scheduler_address
from zpoints.pipeline.errors import ConfigError
from zpoints.pipeline.progress import Console

LIBRARIES = ("icechunk", "numpy", "torch", "zarr")
"""Libraries whose version may change the last bits of results, or the readable formats."""


def connection(config: ClusterConfig) -> tuple[str, Security | None]:
    """Address of the configured scheduler, and the client's certificates if it uses TLS.

    Raises
    ------
    ConfigError
        If no address is configured, or Dask's setting is not a valid address.
    SecurityError
        If the connection would be unsafe, or certificates are missing.
    """
    address = config.address or dask.config.get("scheduler-address", None)
    if address is None:
        raise ConfigError(
            "cluster.address is not set; cluster.kind = address needs it. Name the scheduler: "
            "--cluster tls://host:8786."
        )
    try:
        scheduler_address(address)
    except ValueError as error:
        raise ConfigError(f"scheduler-address in Dask's own configuration: {error}.") from error
    check_plain(address, allowed=config.plain)
    return address, client_security(config.tls) if address.startswith("tls://") else None


def check_connection_settings(config: ClusterConfig) -> None:
    """Check address and certificates of an existing scheduler before a run creates its store.

    Other kinds of cluster need no check.

    Raises
    ------
    ConfigError, SecurityError
        As ``connection``.
    """
    if config.kind == "address":
        connection(config)


@contextmanager
def existing_cluster(config: ClusterConfig, console: Console) -> Iterator[Client]:
    """Connect a client to the scheduler at ``cluster.address``; its workers outlive the block.

    Raises
    ------
    ConfigError, SecurityError
        As ``connection``.
    ClusterError
        If no scheduler answers.
    """
    address, security = connection(config)
    try:
        client = Client(address, security=security, timeout=config.connect_timeout)
    except (OSError, ValueError, RuntimeError) as error:
        raise ClusterError(
            f"No Dask scheduler accepted the connection to {address}: {root_cause(error)} "
            f"(cluster.connect_timeout = {config.connect_timeout:g} s). Start one (dask "
            "scheduler), and check the address, the firewall and the certificates."
        ) from error
    try:
        yield client
    finally:
        with suppress(TimeoutError):  # a hanging scheduler does not acknowledge the end
            client.close(timeout=config.connect_timeout)


def check_versions(client: Client, console: Console) -> None:
    """Require the driver's version of zpoints on every worker; report other differences.

    Raises
    ------
    ClusterError
        If a worker has another version of zpoints, or none.
    """
    found: Any = call_scheduler(client, client.get_versions, packages=["zpoints", *LIBRARIES])
    own, differing = found["client"]["packages"], set[str]()
    for address, worker in found["workers"].items():
        theirs = worker["packages"]
        if theirs["zpoints"] != own["zpoints"]:
            raise ClusterError(
                f"Worker {address} has zpoints {theirs['zpoints']}; expected {own['zpoints']}, the "
                "version of this driver. Install it in the workers' environment."
            )
        differing |= {f"{n} {theirs[n]} (here {own[n]})" for n in LIBRARIES if theirs[n] != own[n]}
    if differing:
        console.line(
            f"Workers have {', '.join(sorted(differing))}: results may differ in the last bits."
        )
