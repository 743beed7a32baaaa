"""Where runs compute, and the command line."""
