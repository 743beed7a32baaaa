"""Logs of a training, written after each epoch: see `docs/decisions/pipeline-training-logs.md`."""
