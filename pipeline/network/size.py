"""Numbers of a network's weights and of the values that its layers compute, from its settings."""

from itertools import pairwise

from zpoints.pipeline.network.architecture import CASES, HALVINGS, Architecture


def weight_count(a: Architecture) -> int:
    """Number of weights.

    Examples
    --------
    >>> weight_count(Architecture(case=1, side=64, channels=3))
    2878083
    """
    layers = CASES[a.case]
    encoder = (a.channels, *layers.encoder_filters)
    decoder = (layers.encoder_filters[-1], *layers.decoder_filters, a.channels)
    deepest = layers.encoder_filters[-1] * (a.side // 2**HALVINGS) ** 2
    count = 2 * deepest * a.z_dim + a.z_dim + deepest
    kernels = (layers.encoder_kernels, layers.decoder_kernels)
    for filters, sizes in zip((encoder, decoder), kernels, strict=True):
        for (inputs, outputs), kernel in zip(pairwise(filters), sizes, strict=True):
            count += inputs * outputs * kernel**2 + outputs
    if a.batch_norm:  # a factor and an offset for each filter but those of the image
        count += 2 * (sum(layers.encoder_filters) + sum(layers.decoder_filters))
    return count


def value_count(a: Architecture) -> int:
    """Number of values that the layers compute of one image, those computed in place once.

    Examples
    --------
    >>> value_count(Architecture(case=1, side=64, channels=3))
    135424
    """
    layers = CASES[a.case]
    inner = sum(
        filters * (a.side // 2**depth) ** 2
        for filters, depth in (
            *zip(layers.encoder_filters, (1, 2, 3, 4), strict=True),
            *zip(layers.decoder_filters, (3, 2, 1), strict=True),
        )
    )
    deepest = layers.encoder_filters[-1] * (a.side // 2**HALVINGS) ** 2
    return inner * (2 if a.batch_norm else 1) + a.z_dim + deepest + a.channels * a.side**2
