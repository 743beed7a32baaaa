"""Sections of the page, a file each: the entries and their captions."""

from zpoints.extras import require

require("report")
