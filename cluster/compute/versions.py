"""Compares the library versions of an existing cluster's workers with the driver's."""

from typing import Any

from distributed import Client

from zpoints.cluster.compute.scheduler_calls import call_scheduler
from zpoints.cluster.errors import ClusterError
from zpoints.pipeline.progress import Console

LIBRARIES = ("icechunk", "numpy", "torch", "zarr")
"""Libraries whose version may change the last bits of results, or the readable formats."""


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
