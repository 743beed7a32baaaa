"""The report of two stores side by side."""
