"""Latents back to images."""

from pipeline.decode.kernels import decode_latents, to_pixels

__all__ = ["decode_latents", "to_pixels"]
