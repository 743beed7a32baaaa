"""Schedules: reruns at set times."""
