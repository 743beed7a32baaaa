"""Readers refuse flipped bits, and verification finds every damaged chunk."""

import os
import random

import numpy as np
import pytest

from tests.storage.conftest import blocks_of, photographs, pixels, publish_images
from zpoints.storage import StoreError, open_store
from zpoints.storage.verify.store import verify

TRIALS = 100


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

    with pytest.raises(StoreError, match="checksum"):
        open_store(root).images.pixels.compute()


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

    with pytest.raises(StoreError, match=r"not found|No such file|range|checksum|bytes|missing"):
        open_store(root).images.pixels.compute()


def test_read__undamaged_chunks_stay_readable(repository, root):
    publish_images(repository, 8)
    flip(chunk_files(root)[-1], 10)
    images = open_store(root).images

    readable = 0
    for start in range(0, 8, 3):
        try:
            images.pixels[start : start + 3].compute()
            readable += 1
        except StoreError:
            continue

    assert readable == 2
    assert np.issubdtype(images.pixels.dtype, np.uint8)


def delete(path, generator):
    path.unlink()


def truncate(path, generator):
    os.truncate(path, generator.randrange(path.stat().st_size))


def flip_any_bit(path, generator):
    content = bytearray(path.read_bytes())
    content[generator.randrange(len(content))] ^= 1 << generator.randrange(8)
    path.write_bytes(content)


@pytest.mark.slow
@pytest.mark.parametrize("harm", [delete, truncate, flip_any_bit])
def test_verify__finds_the_damage_in_all_of_100_random_trials(repository, root, harm):
    photos = photographs(12)
    few = photos[["checksum"]].reset_coords(drop=True)
    few = few.assign_coords(
        {name: photos[name].variable for name in ("pixels", "image", "signature")}
    )
    work = repository.begin(stage="ingest", fingerprint="ff", groups=("images",))
    work.create("images", few)
    work.write_chunks("images", blocks_of("pixels", pixels(12)))
    version = work.publish(message="ingested", rows=12)
    generator = random.Random(harm.__name__)
    missed = []
    for trial in range(TRIALS):
        damaged = generator.choice(chunk_files(root))
        content = damaged.read_bytes()
        harm(damaged, generator)
        findings = verify(root).findings
        if ("damage", "images/pixels") not in [(f.kind, f.subject) for f in findings]:
            missed.append((trial, damaged.name))
        damaged.write_bytes(content)

    assert missed == []
    assert verify(root).ok
    assert verify(root).version == version
