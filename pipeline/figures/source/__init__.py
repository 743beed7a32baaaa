"""Figures that the source of the method shows, drawn of the data of a run."""
