"""Copies of a group for other readers: plain Zarr, picture files."""
