"""A transposed convolution of stride 2, computed as a convolution that yields four pixels per
position.

Shi et al. (2016), Is the deconvolution layer the same as a convolutional layer? arXiv:1609.07009.

Shape letters: B batch, I and O input and output channels, S side of the input, K kernel size.
"""

from itertools import product

from torch import Tensor, nn


class SubpixelConvolution(nn.Module):
    """A convolution equivalent to a transposed one up to rounding; for inference only.

    oneDNN computes the last layer of a decoder, which has 3 output channels, at a seventh of the
    rate of its other layers; with 12 output channels it takes two thirds of the time or less.

    Pixel 2i + p of the output is the sum over d of pixel i + d of the input times the weight
    K[p + padding - 2d] where that exists: one convolution for each p in (0, 1).

    Parameters
    ----------
    transposed
        Stride 2, `output_padding` 1 and padding K // 2, so that the side doubles.
    """

    def __init__(self, transposed: nn.ConvTranspose2d) -> None:
        super().__init__()
        weight = transposed.weight.detach()  # (I, O, K, K)
        inputs, self.outputs, size, _ = weight.shape
        padding = size // 2
        offsets = [d for d in range(-size, size + 1) if -1 <= padding - 2 * d < size]
        self.margin = max(-offsets[0], offsets[-1])
        self.first = self.margin + offsets[0]
        kernel = weight.new_zeros(2, 2, self.outputs, inputs, len(offsets), len(offsets))
        taps = [
            (p, k, p + padding - 2 * d)
            for p in (0, 1)
            for k, d in enumerate(offsets)
            if 0 <= p + padding - 2 * d < size
        ]
        for (row, y, i), (column, x, j) in product(taps, taps):
            kernel[row, column, :, :, y, x] = weight[:, :, i, j].T
        state = {"weight": kernel.flatten(0, 2)}
        if transposed.bias is not None:
            state["bias"] = transposed.bias.detach().repeat(4)
        self.convolution = nn.Conv2d(
            inputs,
            4 * self.outputs,
            len(offsets),
            padding=self.margin,
            bias=transposed.bias is not None,
            dtype=weight.dtype,
        )
        self.convolution.load_state_dict(state)

    def forward(self, x: Tensor) -> Tensor:
        """Images (B, O, 2S, 2S) of features x (B, I, S, S)."""
        height, width = x.shape[2:]
        rows = slice(self.first, self.first + height)
        columns = slice(self.first, self.first + width)
        y = self.convolution(x)[:, :, rows, columns].permute(0, 2, 3, 1)  # (B, S, S, 4 O)
        y = y.unflatten(3, (2, 2, self.outputs)).permute(0, 1, 3, 2, 4, 5)
        return y.reshape(len(x), 2 * height, 2 * width, self.outputs).permute(0, 3, 1, 2)
