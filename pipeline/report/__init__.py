"""The report: one HTML page and its figures, drawn from what the store holds."""
