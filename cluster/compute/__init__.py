"""Provides Dask clusters: on this machine, an existing scheduler, batch jobs."""

from zpoints.extras import require

require("cluster")
