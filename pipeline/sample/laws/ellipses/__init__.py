"""Laws of ellipses that every pair of components has to be in."""
