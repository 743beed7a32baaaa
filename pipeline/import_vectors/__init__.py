"""Vectors that were made elsewhere become the latents of a store."""
