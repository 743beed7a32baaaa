"""Serves the explorer to one user's browser: a secret address, on this machine."""
