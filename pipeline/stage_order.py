"""The names of the stages in order; imports nothing, so that help texts load fast."""

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
"""Stages in the order in which they run; each has a section of the configuration."""
IN_DRIVER = ("train", "report")
"""Stages that compute in the driver's process."""
