"""Ratios of zpoints against a bare loop or a peer, measured in turn in one run: `make bench`."""
