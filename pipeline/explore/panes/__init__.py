"""The panes of the explorer beside the plane: widgets around `selection` and `generation`."""
