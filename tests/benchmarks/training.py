"""The training loop against a minimal loop over the same in-memory tensor."""

from collections.abc import Iterator

import torch
from torch.nn.functional import mse_loss

from tests.benchmarks.measure import Figure, paired
from zpoints.pipeline.network.architecture import Architecture, Autoencoder
from zpoints.pipeline.network.device import choose_device, gains_from_bfloat16
from zpoints.pipeline.train.config import TrainConfig
from zpoints.pipeline.train.loop import train

IMAGES, SIDE = 2048, 64


def figures() -> Iterator[Figure]:
    """Images per second of one epoch, case I at 64 x 64."""
    images = torch.randint(0, 256, (IMAGES, SIDE, SIDE, 3), dtype=torch.uint8)
    config = TrainConfig(epochs=1)
    device = choose_device("auto")
    autocast = gains_from_bfloat16(device)

    def bare() -> None:
        model = Autoencoder(Architecture(case=1, side=SIDE, channels=3))
        model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = torch.optim.Adam(model.parameters(), fused=True)
        for batch in images.split(config.batch):
            x = batch.to(device).permute(0, 3, 1, 2).float() / 255
            with torch.autocast(device.type, torch.bfloat16, enabled=autocast):
                logits = model(x)
            loss = mse_loss(torch.sigmoid(logits.float()), x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    yield paired(
        f"training / bare loop ({device.type})",
        lambda: train(images, images[:0], config),
        bare,
        work=IMAGES,
        unit="images/s",
        floor=0.9,
    )
