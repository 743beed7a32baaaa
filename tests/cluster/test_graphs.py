"""Graphs of ten thousand chunks: no large objects in them, and no warning about them."""

import pickle
from functools import partial

import dask

from pipeline.config import RunConfig
from pipeline.encode.stage import _Encoding
from pipeline.sample.stage import _sample_rows
from storage import Block, open_repository
from storage.chunks import write_rows

CHUNKS = 10_000
WARNS = dask.utils.parse_bytes("10MB")
"""Bytes of a graph that Dask warns of."""


def test_encode_and_sample__tasks_are_small_whatever_the_chunk(small_root: str) -> None:
    version, config = open_repository(small_root).store().version, RunConfig().sample
    encoding = _Encoding(small_root, version, 256, "auto", 0, 2048, None)
    parameters = config.generators["ellipse"]
    sampling = partial(_sample_rows, small_root, version, parameters, config.seed, "auto", 0, 2048)

    for task in (encoding, sampling):
        block = Block(0, 2048, task)
        size = len(pickle.dumps(partial(write_rows, "latents", ("z",), block)))
        assert size * CHUNKS < WARNS
