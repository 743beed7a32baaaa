"""Latent vectors, their labels, and what one asks of them: what `zpoints.open` returns."""
