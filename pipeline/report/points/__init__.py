"""The z-points of a report as a page of their own, which opens from a file."""
