"""What the explorer shows of vectors that do not belong to images: along axes, and drawn."""
