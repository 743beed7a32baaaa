"""Kernels that render an image from its factors: layers, light, lens."""
