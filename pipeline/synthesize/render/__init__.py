"""A picture from its factors: layers from back to front, then light, then the lens."""
