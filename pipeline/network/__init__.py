"""The autoencoder: architecture, weights, device, and what it computes."""
