"""What is computed: one folder per stage, the stage table, the planner and the configuration."""

from zpoints.pipeline.cache_folders import provide_cache_folders

provide_cache_folders()  # before Numba and Matplotlib are loaded
