"""The autoencoder: architecture, stored weights, device, encoding and decoding."""

from zpoints.extras import require

require("train")
