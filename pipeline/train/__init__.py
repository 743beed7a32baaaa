"""Trains the autoencoder: loop, checkpoints, and the `model` group."""
