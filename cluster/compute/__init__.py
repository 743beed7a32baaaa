"""Dask clusters: embedded, running elsewhere, batch systems."""
