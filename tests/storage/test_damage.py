"""A flipped bit is an error, not a value."""

import os

import numpy as np
import pytest

from storage import StoreError, open_store
from tests.storage.conftest import publish_images


def chunk_files(root):
    return sorted((root / "chunks").iterdir(), key=lambda path: path.stat().st_size)


def flip(path, position):
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("place", [0.0, 0.3, 0.7, 0.999])
def test_read__flipped_bit_in_pixels_is_an_error(repository, root, place):
    publish_images(repository, 8)
    damaged = chunk_files(root)[-1]
    flip(damaged, int(place * damaged.stat().st_size))

    with pytest.raises(ValueError, match="checksum"):
        open_store(root).images.image.compute()


def test_open__flipped_bit_in_a_label_is_an_error_that_names_it(repository, root):
    publish_images(repository, 2000)
    names = chunk_files(root)[-1]
    flip(names, names.stat().st_size // 2)

    with pytest.raises(StoreError, match=r"images/\w+ is damaged: .*checksum"):
        _ = open_store(root).images


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: os.truncate(path, 99)])
def test_read__deleted_or_truncated_chunk_is_an_error(repository, root, harm):
    publish_images(repository, 8)
    harm(chunk_files(root)[-1])

    with pytest.raises(Exception, match=r"not found|No such file|range|checksum|bytes"):
        open_store(root).images.image.compute()


def test_read__undamaged_chunks_stay_readable(repository, root):
    publish_images(repository, 8)
    flip(chunk_files(root)[-1], 10)
    images = open_store(root).images

    readable = 0
    for start in range(0, 8, 3):
        try:
            images.image[start : start + 3].compute()
            readable += 1
        except ValueError:
            continue

    assert readable == 2
    assert np.issubdtype(images.image.dtype, np.uint8)
