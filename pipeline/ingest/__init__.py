"""Reads photographs and their labels from a source into the group ``images``."""
