"""Laws that are fitted to the vectors themselves."""
