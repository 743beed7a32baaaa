"""Small datasets and stores that hold them."""

from collections.abc import Callable, Sequence

import dask.array as da
import numpy as np
import pytest
import xarray as xr

from zpoints.storage import Block, Repository, StageTransaction, open_repository
from zpoints.storage.arrays.layout import unwritten

COMPONENTS = 4
CHUNK = 3


@pytest.fixture(autouse=True)
def _no_warnings(recwarn: pytest.WarningsRecorder):
    """Stores raise no warnings."""
    yield
    assert [str(warning.message) for warning in recwarn] == []


@pytest.fixture
def root(tmp_path):
    return tmp_path / "run"


@pytest.fixture
def repository(root) -> Repository:
    return open_repository(root)


def photographs(count: int) -> xr.Dataset:
    """A template of `images`, with labels of every kind."""
    return xr.Dataset(
        {
            "pixels": (
                ("image", "y", "x", "channel"),
                da.zeros((count, 8, 8, 3), dtype=np.uint8, chunks=(CHUNK, 8, 8, 3)),
            ),
            "checksum": ("image", np.arange(count, dtype=np.uint64) + 2**63),
        },
        coords={
            "image": ("image", np.array([f"{row:06d}.jpg" for row in range(count)])),
            "signature": ("image", np.array([f"{row}-1" for row in range(count)])),
            "split": ("image", np.array(["train", "test"])[np.arange(count) % 2]),
            "identity": ("image", np.arange(count, dtype=np.int32)),
            "Smiling": ("image", np.arange(count) % 2 == 0),
            "Male": ("image", np.arange(count) % 3 == 0),
            "5_o_Clock_Shadow": ("image", np.zeros(count, bool)),
            "landmarks": (("image", "landmark", "axis"), np.ones((count, 5, 2), np.int16)),
            "landmark": ["left_eye", "right_eye", "nose", "left_mouth", "right_mouth"],
            "axis": ["x", "y"],
        },
    )


def pixels(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)


def vectors(count: int) -> np.ndarray:
    return np.random.default_rng(count).normal(size=(count, COMPONENTS)).astype(np.float32)


def latent_template(count: int, chunk: int = CHUNK) -> xr.Dataset:
    photos = photographs(count)
    return xr.Dataset(
        {
            "z": unwritten(("image", "component"), (count, COMPONENTS), np.float32, chunk=chunk),
            "reconstruction_error": ("image", np.full(count, 0.25, np.float32)),
        },
        coords={name: photos[name].variable for name in ("image", "Smiling", "Male", "checksum")},
    )


def blocks_of(
    name: str, values: np.ndarray, rows: int = CHUNK, seen: list[int] | None = None
) -> list[Block]:
    """Blocks that copy an array; `seen` collects the first rows of computed blocks."""

    def compute_from(start: int) -> Callable[[], dict[str, np.ndarray]]:
        def compute() -> dict[str, np.ndarray]:
            if seen is not None:
                seen.append(start)
            return {name: values[start : start + rows]}

        return compute

    return [
        Block(start, min(start + rows, len(values)), compute_from(start))
        for start in range(0, len(values), rows)
    ]


def begin(
    repository: Repository, fingerprint: str = "aa", groups: Sequence[str] = ("latents",)
) -> StageTransaction:
    return repository.begin(stage="encode", fingerprint=fingerprint, groups=groups)


def publish_latents(
    repository: Repository,
    count: int = 8,
    fingerprint: str = "aa",
    values: np.ndarray | None = None,
) -> str:
    """Write and publish a group `latents`; returns the id of the version."""
    values = vectors(count) if values is None else values
    work = begin(repository, fingerprint)
    work.create("latents", latent_template(count))
    work.write_chunks("latents", blocks_of("z", values))
    return work.publish(message="encoded", rows=count, metadata={"seed": 7})


def publish_images(repository: Repository, count: int = 8) -> str:
    work = repository.begin(stage="ingest", fingerprint="ff", groups=("images",))
    work.create("images", photographs(count))
    work.write_chunks("images", blocks_of("pixels", pixels(count)))
    return work.publish(message="ingested", rows=count)
