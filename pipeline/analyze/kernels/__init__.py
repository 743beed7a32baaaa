"""Kernels of the statistics: compiled loops and BLAS."""

from zpoints.extras import require

require("analyze")
