"""Runs as jobs, which continue after the client that submitted them has ended."""
