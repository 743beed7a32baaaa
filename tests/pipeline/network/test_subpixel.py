"""The transposed convolution computed as a convolution."""

import pytest
import torch
from torch import nn

from zpoints.pipeline.network.subpixel import SubpixelConvolution


@pytest.mark.parametrize("size", [3, 5, 7])
@pytest.mark.parametrize("side", [1, 4, 7])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("bias", [False, True])
def test_subpixel_convolution__equals_the_transposed_one(
    size: int, side: int, channels: int, bias: bool
) -> None:
    transposed = nn.ConvTranspose2d(
        8, channels, size, stride=2, padding=size // 2, output_padding=1, bias=bias
    ).double()
    x = torch.randn(2, 8, side, side, dtype=torch.float64)

    with torch.inference_mode():
        torch.testing.assert_close(SubpixelConvolution(transposed)(x), transposed(x))
