"""The evaluation: quality of generated images, of reconstructions and of photographs."""
