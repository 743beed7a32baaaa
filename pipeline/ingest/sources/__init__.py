"""Readers of the formats in which photographs come."""

from zpoints.extras import require

require("analyze")
