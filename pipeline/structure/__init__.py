"""How labels structure the latent vectors: linear probes, directions, clusters."""
