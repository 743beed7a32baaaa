"""The sampling stage, with drawing and store, against a bare decoder of as many vectors."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dask.array as da
import torch

from tests.benchmarks.measure import Figure, paired
from tests.conftest import WORKER, SilentConsole
from zpoints.cluster.compute.client import dask_client
from zpoints.cluster.compute.executor import ClusterExecutor
from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.config.cluster import ClusterConfig
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.network.architecture import Architecture, Autoencoder
from zpoints.pipeline.network.device import choose_device, single_torch_thread
from zpoints.pipeline.network.forward import DECODE_BATCH
from zpoints.pipeline.sample.stage import group_of, sample
from zpoints.pipeline.stage_run import StageRun
from zpoints.pipeline.train.model_group import model_dataset
from zpoints.pipeline.train.state import Curves
from zpoints.storage import Repository, open_repository

LATENTS, COMPONENTS, SAMPLES, SIDE, CORES = 4096, 256, 49_152, 64, 2
GENERATOR = "ellipse"


def figures(scratch: Path) -> Iterator[Figure]:
    """Samples per second of the source's generator; case I, on two cores each."""
    config = override(RunConfig(), [f"sample.count={SAMPLES}"])
    root = scratch / "samples"
    model = Autoencoder(Architecture(case=1, side=SIDE, channels=3, z_dim=COMPONENTS))
    device = choose_device("auto")
    model.eval().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    batches = torch.randn(SAMPLES, COMPONENTS, device=device).split(DECODE_BATCH)

    def empty_store() -> None:
        # A new store in every round, as in a first run; the disk does not fill up.
        shutil.rmtree(root, ignore_errors=True)
        _publish_inputs(open_repository(str(root)), model)

    def ours() -> None:
        group = group_of(GENERATOR)
        repository = open_repository(str(root), executor=ClusterExecutor())
        work = repository.begin(stage="sample", fingerprint="bench", groups=(group,))
        run = StageRun(
            settings=config.sample,
            store=repository.store(),
            work=work,
            console=SilentConsole(),
            worker=WORKER,
        )
        work.publish(message="bench", rows=sample(run, name=GENERATOR))

    @torch.inference_mode()
    def decode(batch: torch.Tensor) -> torch.Tensor:
        with single_torch_thread():
            return (255 * model.decode(batch)).round().to(torch.uint8).cpu()

    def bare() -> None:
        with ThreadPoolExecutor(CORES) as pool:
            torch.cat(list(pool.map(decode, batches)))

    with dask_client(ClusterConfig(workers=CORES), SilentConsole()):
        yield paired(
            f"draw, decode and store / bare decoder ({device.type})",
            ours,
            bare,
            work=SAMPLES,
            unit="samples/s",
            floor=0.9,
            rounds=3,
            before=empty_store,
        )


def _publish_inputs(repository: Repository, model: Autoencoder) -> None:
    latents = da.random.default_rng(0).normal(size=(LATENTS, COMPONENTS))
    for stage, group, dataset in (
        ("train", "model", model_dataset(model, Curves([1.0], [1.0], [1.0]))),
        ("analyze", "statistics", analyze(latents)),
    ):
        work = repository.begin(stage=stage, fingerprint="bench", groups=(group,))
        work.create(group, dataset)
        work.publish(message="bench", rows=0)
