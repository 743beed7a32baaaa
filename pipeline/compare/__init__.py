"""Two versions of a store compared: images, drift of the latents, quality."""
