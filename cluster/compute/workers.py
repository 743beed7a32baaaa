"""Starts a run's workers when a stage needs them."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from distributed import Client

from zpoints.cluster.compute.client import BATCH, dask_client
from zpoints.cluster.compute.gpu import gpu_annotation
from zpoints.cluster.compute.lost_workers import (
    LOST_WORKERS,
    despite_lost_workers,
    lost_workers_error,
)
from zpoints.cluster.compute.performance_report import keep_performance_report
from zpoints.cluster.compute.worker_capacity import smallest_worker, this_machine
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.progress import Console
from zpoints.pipeline.stage_order import IN_DRIVER
from zpoints.pipeline.stage_run import Worker
from zpoints.storage import Repository

R = TypeVar("R")


class Workers:
    """Starts the configured cluster with the first stage that needs it; ends it with the block.

    Batch jobs end before a stage that computes in the driver, so that no allocation idles.

    Parameters
    ----------
    config
        The whole configuration.
    repository
        Keeps the performance reports.
    console
        Shows the cluster's address, and when a stage starts again.
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
        """Compute a stage on the workers that suit it; try again if workers die.

        Parameters
        ----------
        stage
            One of ``zpoints.pipeline.stage_order.STAGES``.
        work
            Computes the stage, given a worker's capacity. Continues from the last commit when it is
            called again.

        Returns
        -------
        R
            The result of ``work``.

        Raises
        ------
        ClusterError
            If no cluster can be reached, no worker starts, or the workers are lost for good.
        """
        try:
            with self._cluster_for(stage):
                client = None if stage in IN_DRIVER else self._client
                worker = this_machine() if client is None else smallest_worker(client)
                return despite_lost_workers(stage, partial(work, worker), self._console)
        except LOST_WORKERS as error:
            raise lost_workers_error(stage, error) from error

    def _cluster_for(self, stage: str) -> AbstractContextManager[object]:
        if stage in IN_DRIVER:
            if self._config.cluster.kind in BATCH:
                self._stack.close()
                self._client = None
            return nullcontext()
        if self._client is None:
            settings = self._config.cluster
            cluster, limit = dask_client(settings, self._console), settings.worker_timeout
            self._client = self._stack.enter_context(cluster)
            kept = keep_performance_report(self._client, self._repository, self._console, limit)
            self._stack.enter_context(kept)
        return gpu_annotation(self._client, self._config, stage)
