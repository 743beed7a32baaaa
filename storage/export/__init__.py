"""Export of a group as plain Zarr or picture files."""
