"""Sections of the page, a file each: the entries and their captions."""
