"""Files of vectors: one module per format."""
