"""The registry of stored variables and the check of datasets against it."""
