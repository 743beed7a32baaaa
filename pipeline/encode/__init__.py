"""Images to latents, with the error of their reconstruction."""
