"""The workers of a run: there while a stage needs them."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from types import TracebackType
from typing import Self, TypeVar

from distributed import Client
from distributed.scheduler import KilledWorker

from zpoints.cluster.compute.client import BATCH, dask_client
from zpoints.cluster.compute.failures import LOST_WORKERS, lost
from zpoints.cluster.compute.performance import performance_kept
from zpoints.cluster.compute.placement import placed
from zpoints.cluster.compute.resources import smallest_worker, this_machine
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.progress import Console
from zpoints.pipeline.stage_run import Worker
from zpoints.storage import Repository

R = TypeVar("R")

IN_DRIVER = ("train",)
"""Stages that compute in the driver's own process."""
ATTEMPTS = 3
"""How often a stage is begun whose workers die. Dask gives a task up that four workers died of; but
where machines fail often, that is bad luck."""


class Workers:
    """Starts the configured cluster with the first stage that needs it, and ends it with the block.

    Jobs of a batch system end before a stage that computes in the driver: nobody pays for nodes
    that wait.

    Parameters
    ----------
    config
        The whole configuration.
    repository
        Where the performance reports go.
    console
        Where the cluster's address goes.
    """

    def __init__(self, config: RunConfig, repository: Repository, console: Console) -> None:
        self._config = config
        self._repository = repository
        self._console = console
        self._client: Client | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def compute(self, stage: str, work: Callable[[Worker], R]) -> R:
        """Do a stage's work, with Dask's tasks where they belong; again if workers die of it.

        Parameters
        ----------
        stage
            One of ``zpoints.pipeline.order.STAGES``.
        work
            Is told what a worker has; goes on from the last commit when it is called again.

        Raises
        ------
        ClusterError
            If there is no cluster, no worker comes, or the workers are lost for good.
        """
        try:
            with self._placed(stage):
                worker = this_machine() if self._client is None else smallest_worker(self._client)
                for _ in range(ATTEMPTS - 1):
                    with suppress(KilledWorker):
                        return work(worker)
                    self._console.line(f"{stage}: workers died; goes on from the last commit.")
                return work(worker)
        except LOST_WORKERS as error:
            raise lost(stage, error) from error

    def _placed(self, stage: str) -> AbstractContextManager[object]:
        if stage in IN_DRIVER:
            if self._config.cluster.kind in BATCH:
                self._stack.close()
                self._client = None
            return nullcontext()
        if self._client is None:
            settings = self._config.cluster
            cluster, limit = dask_client(settings, self._console), settings.worker_timeout
            self._client = self._stack.enter_context(cluster)
            kept = performance_kept(self._client, self._repository, self._console, limit)
            self._stack.enter_context(kept)
        return placed(self._client, self._config, stage)
