"""Graphs of ten thousand chunks: no large objects in them, no warning about them."""

import pickle
import warnings
from functools import partial
from pathlib import Path

import dask.array as da
import numpy as np
import pytest

from cluster.connect import dask_client
from pipeline.analyze.graph import summarize
from pipeline.config import RunConfig, override
from pipeline.encode.stage import _Encoding
from pipeline.sample.stage import _sample_rows
from storage import open_repository
from storage.chunks import write_rows
from tests.conftest import SilentConsole

CHUNKS = 10_000
LARGEST = 1000  # bytes of a task: Dask warns of graphs above 10 MB
"""Bytes of a task."""


def test_encode_and_sample__tasks_are_small_whatever_the_chunk(small_root: str) -> None:
    repository = open_repository(small_root)
    version, config = repository.store().version, RunConfig().sample
    encoding = _Encoding(small_root, version, 256, "auto", 0, 2048, None)
    parameters = config.generators["ellipse"]
    sampling = partial(_sample_rows, small_root, version, parameters, config, 0, 2048)

    for task in (encoding, sampling):
        assert len(pickle.dumps(partial(write_rows, "latents", ("z",), task))) < LARGEST
