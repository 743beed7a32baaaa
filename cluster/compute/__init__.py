"""Provides Dask clusters: on this machine, an existing scheduler, batch jobs."""
