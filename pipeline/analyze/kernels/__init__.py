"""Kernels of the statistics: compiled loops and BLAS."""
