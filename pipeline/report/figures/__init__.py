"""Figures as functions of datasets; they know nothing of captions."""
