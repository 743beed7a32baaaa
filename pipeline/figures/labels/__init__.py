"""Figures of labels, and the colours of labelled vectors."""
