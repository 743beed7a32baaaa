"""Verification of stored data."""
