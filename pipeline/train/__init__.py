"""The autoencoder and its training."""
