"""Quality of a generator over a grid of its parameters."""
