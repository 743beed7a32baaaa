"""Mergeable states that a pass computes from each block of vectors."""

from zpoints.extras import require

require("analyze")
