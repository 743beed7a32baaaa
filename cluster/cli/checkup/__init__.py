"""Commands that look at a store and at this installation."""
