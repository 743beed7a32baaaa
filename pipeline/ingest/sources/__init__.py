"""Readers of the formats in which photographs come."""
