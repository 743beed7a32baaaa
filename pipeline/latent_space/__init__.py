"""Latent vectors with their labels, and what one asks of them: the classes behind `zpoints.open`."""
