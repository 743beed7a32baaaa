"""Mergeable states: what a pass gathers from each block of vectors."""
