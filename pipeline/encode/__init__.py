"""Encodes images into latent vectors and measures their reconstruction."""
