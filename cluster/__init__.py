"""Runs the pipeline on Dask clusters, as jobs and on schedules; holds the command line."""
