"""How good generated images are, beside reconstructions and real images."""
