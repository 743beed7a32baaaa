"""The names of the stages in order; imports nothing, so that help texts load fast."""

STAGES = (
    "ingest",
    "train",
    "encode",
    "import",
    "analyze",
    "structure",
    "sample",
    "evaluate",
    "sweep",
    "report",
)
"""Stages in the order in which they run. `import` takes the place of train and encode, and of
ingest where the vectors have no photographs."""
WITH_LABELS = ("ingest", "import")
"""Stages whose group brings the labels."""
IN_DRIVER = ("train", "report")
"""Stages that compute in the driver's process."""
