"""Groups and arrays: layout, lazy reading, writing of whole chunks."""
