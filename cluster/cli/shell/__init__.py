"""What a shell sees of the command line: order, examples and completion of commands."""
