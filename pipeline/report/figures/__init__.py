"""Figures as functions of datasets."""
