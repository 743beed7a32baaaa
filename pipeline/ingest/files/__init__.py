"""Folders, archives and buckets of photographs: paths, listings, bytes."""
