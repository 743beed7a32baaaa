"""Groups and arrays of a repository: laid out, opened lazily, written in whole chunks."""
