"""Kernels that render an image from its factors: layers, light, lens."""

from zpoints.extras import require

require("analyze")
