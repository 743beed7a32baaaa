"""The command line ``zpoints``."""
