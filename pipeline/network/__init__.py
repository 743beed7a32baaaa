"""The autoencoder: architecture, stored weights, device, encoding and decoding."""
