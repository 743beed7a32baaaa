"""The layers of the autoencoder."""

import pytest
import torch

from zpoints.pipeline.network.architecture import Activation, Architecture, Autoencoder


def parameters(architecture: Architecture) -> int:
    return sum(p.numel() for p in Autoencoder(architecture).parameters())


def convolution(inputs: int, outputs: int, kernel: int) -> int:
    return inputs * outputs * kernel**2 + outputs


def test_autoencoder__case_1_has_the_weights_of_its_layers() -> None:
    filters = [(3, 32), (32, 64), (64, 128), (128, 256)]
    back = [(256, 128), (128, 64), (64, 32), (32, 3)]
    dense = 4096 * 256 + 256 + 256 * 4096 + 4096
    expected = sum(convolution(i, o, 3) for i, o in filters + back) + dense

    assert parameters(Architecture(case=1, side=64, channels=3)) == expected


def test_autoencoder__case_2_has_the_weights_of_its_layers() -> None:
    filters = [(3, 64, 5), (64, 64, 5), (64, 128, 3), (128, 128, 3)]
    back = [(128, 128, 3), (128, 64, 3), (64, 64, 5), (64, 3, 5)]
    dense = 2048 * 256 + 256 + 256 * 2048 + 2048
    expected = sum(convolution(*layer) for layer in filters + back) + dense

    assert parameters(Architecture(case=2, side=64, channels=3)) == expected


@pytest.mark.parametrize("case", [1, 2])
@pytest.mark.parametrize(("side", "channels"), [(32, 1), (48, 3), (96, 3), (128, 1)])
@pytest.mark.parametrize("activation", ["leaky_relu", "relu", "selu"])
def test_autoencoder__keeps_the_shape_of_images(
    case: int, side: int, channels: int, activation: Activation
) -> None:
    model = Autoencoder(
        Architecture(
            case=case,  # type: ignore[arg-type]
            side=side,
            channels=channels,
            z_dim=8,
            activation=activation,
            batch_norm=True,
        )
    )
    x = torch.rand(2, channels, side, side)

    z = model.encode(x)
    images = model.decode(z)

    assert z.shape == (2, 8)
    assert images.shape == x.shape
    assert 0 <= images.min() <= images.max() <= 1
