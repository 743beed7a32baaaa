"""Mergeable states that a pass computes from each block of vectors."""
