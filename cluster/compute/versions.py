"""Whether the workers of another's cluster have what a run's tasks need."""

from typing import Any

from distributed import Client

from zpoints.cluster.compute.ask import answer
from zpoints.cluster.errors import ClusterError
from zpoints.pipeline.progress import Console

LIBRARIES = ("icechunk", "numpy", "torch", "zarr")
"""Whose version may decide the last bits of results, or what can be read."""


def check_versions(client: Client, console: Console) -> None:
    """Compare the workers' installations with this one; other libraries are told, not refused.

    Raises
    ------
    ClusterError
        If a worker has another zpoints, or none.
    """
    seen: Any = answer(client, client.get_versions, packages=["zpoints", *LIBRARIES])
    own, other = seen["client"]["packages"], set[str]()
    for address, worker in seen["workers"].items():
        theirs = worker["packages"]
        if theirs["zpoints"] != own["zpoints"]:
            raise ClusterError(
                f"The worker {address} has zpoints {theirs['zpoints']}, this is zpoints "
                f"{own['zpoints']}. Install the same version in the workers' environment."
            )
        other |= {f"{n} {theirs[n]} (here {own[n]})" for n in LIBRARIES if theirs[n] != own[n]}
    if other:
        console.line(
            f"Workers have {', '.join(sorted(other))}: results may differ in their last bits."
        )
