"""The forms in which photographs come, each with a reader."""
