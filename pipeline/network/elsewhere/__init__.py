"""A network that was trained elsewhere: exported programs, ONNX files and functions."""
