"""Comparison of two versions of a store: images, drift of the latents, quality."""

from zpoints.extras import require

require("analyze")
