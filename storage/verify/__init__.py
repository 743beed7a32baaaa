"""Verification of a store: every chunk read, and what belongs together compared."""
