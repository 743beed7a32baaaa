"""The names of the stages; loads nothing, so that help texts may name them."""

STAGES = (
    "ingest",
    "train",
    "encode",
    "analyze",
    "structure",
    "sample",
    "evaluate",
    "sweep",
    "report",
)
"""The stages in the order in which they run; each has a section of the configuration."""
