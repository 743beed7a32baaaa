"""Drawing and decoding, chunk by chunk, against a bare decoder of the same vectors."""

from collections.abc import Iterator

import dask.array as da
import torch

from pipeline.analyze import analyze
from pipeline.config import RunConfig
from pipeline.decode.kernels import BATCH, decode_batches
from pipeline.sample import draw_rows
from pipeline.stage import chunk_bounds
from pipeline.train.device import choose_device, single_torch_thread
from pipeline.train.model import Architecture, Autoencoder
from tests.benchmarks.measure import Figure, paired

LATENTS, COMPONENTS, SAMPLES, SIDE = 4096, 256, 2048, 64


def figures() -> Iterator[Figure]:
    """Samples per second of the source's generator, in one thread as in a task; case I."""
    config = RunConfig().sample
    latents = da.random.default_rng(0).normal(size=(LATENTS, COMPONENTS))
    statistics = analyze(latents)
    sampler = config.generators["ellipse"].fit(statistics)
    device = choose_device("auto")
    model = Autoencoder(Architecture(case=1, side=SIDE, channels=3, z_dim=COMPONENTS))
    model.eval().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    drawn = torch.from_numpy(draw_rows(sampler, statistics, config.seed, 0, SAMPLES)[0])

    def ours() -> None:
        with single_torch_thread():
            for start, stop in chunk_bounds(SAMPLES, config.chunk):
                z, _ = draw_rows(sampler, statistics, config.seed, start, stop)
                decode_batches(model, z)

    @torch.inference_mode()
    def bare() -> None:
        with single_torch_thread():
            batches = (model.decode(z.to(device)) for z in drawn.split(BATCH))
            torch.cat([(255 * images).round().to(torch.uint8).cpu() for images in batches])

    yield paired(
        f"draw and decode / bare decoder ({device.type})",
        ours,
        bare,
        work=SAMPLES,
        unit="samples/s",
        floor=0.9,
    )
