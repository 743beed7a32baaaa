"""Repeats a run at set times, as jobs or by another scheduler."""
