"""Figures of a sweep: the frontier of its points, and their images."""
