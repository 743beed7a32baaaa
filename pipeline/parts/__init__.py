"""What other packages may add, and how they are found: see `docs/decisions/pipeline-parts.md`."""
