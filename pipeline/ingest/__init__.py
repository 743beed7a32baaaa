"""Photographs in: find the form of a source, read, crop, resize and label its images."""
