"""A tree of synthetic faces in CelebA's official format."""

import io
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from zpoints.pipeline.errors import SynthesisError
from zpoints.pipeline.synthesize.annotations import file_name, write_annotations
from zpoints.pipeline.synthesize.factors import draw_factors, to_rows
from zpoints.pipeline.synthesize.render.scene import Landmarks, Photograph, Renderer
from zpoints.storage.export.folder import local_folder
from zpoints.storage.marks import SYNTHETIC_MARK as MANIFEST

RENDERER = 1
QUALITY = 90
BATCH = 32
MOST = 999_999
IMAGES = "img_align_celeba"


@dataclass(frozen=True)
class Synthesis:
    """Result of `synthesize`; `rendered` is False if the same tree already existed."""

    path: Path
    count: int
    seed: int
    rendered: bool


def synthesize(
    destination: str | Path,
    *,
    count: int,
    seed: int = 0,
    on_progress: Callable[[int], None] | None = None,
) -> Synthesis:
    """Write synthetic faces with their annotations as a CelebA tree.

    Image i depends on (`seed`, i) alone; `count` only decides the split. A complete tree of the
    same count and seed is left unchanged, an incomplete one is completed.

    Parameters
    ----------
    destination
        Local folder, new or empty or with such a tree.
    count
        Number of images, 1 to 999,999.
    seed
        Seed of the factors, at least 0.
    on_progress
        Called with the number of images written so far.

    Raises
    ------
    SynthesisError
        If `count` or `seed` is out of range, or `destination` has other content.
    StoreError
        If `destination` is a URL.
    """
    if not 1 <= count <= MOST or seed < 0:
        raise SynthesisError(
            f"expected count 1 to {MOST} and seed at least 0, got count {count} and seed {seed}"
        )
    destination = local_folder(destination)
    wanted = {"renderer": RENDERER, "count": count, "seed": seed}
    if _is_complete(destination, wanted):
        return Synthesis(destination, count, seed, rendered=False)
    (destination / IMAGES).mkdir(parents=True, exist_ok=True)
    _write_manifest(destination, wanted | {"complete": False})
    factors = draw_factors(count, seed)
    points = _write_images(destination / IMAGES, to_rows(factors), on_progress)
    write_annotations(destination, factors, points)
    _write_manifest(destination, wanted | {"complete": True})
    return Synthesis(destination, count, seed, rendered=True)


def _is_complete(destination: Path, wanted: dict[str, int]) -> bool:
    """Whether the wanted tree exists completely; raises for any other content."""
    if not destination.exists():
        return False
    if not destination.is_dir():
        raise SynthesisError(f"{destination} is not a directory; choose a new or empty one")
    if not any(destination.iterdir()):
        return False
    found = _read_manifest(destination)
    if {name: found.get(name) for name in wanted} != wanted:
        content = f"the synthetic tree {found}" if found else "other files"
        raise SynthesisError(
            f"{destination} holds {content}, not the tree {wanted}; "
            "choose another destination, or remove it"
        )
    return bool(found.get("complete"))


def _read_manifest(destination: Path) -> dict[str, int]:
    try:
        found = json.loads((destination / MANIFEST).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_manifest(destination: Path, content: dict[str, int]) -> None:
    partial = destination / (MANIFEST + ".partial")
    partial.write_text(json.dumps(content) + "\n")
    partial.replace(destination / MANIFEST)


def _write_images(
    folder: Path,
    rows: npt.NDArray[np.float64],
    on_progress: Callable[[int], None] | None,
) -> Landmarks:
    """Render and store all images, in as many threads as there are processors; landmarks."""

    def write(batch: range) -> list[Landmarks]:
        renderer = Renderer()
        return [_write_image(folder / file_name(index), *renderer(rows[index])) for index in batch]

    count = len(rows)
    batches = [range(start, min(start + BATCH, count)) for start in range(0, count, BATCH)]
    points: list[Landmarks] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for batch in pool.map(write, batches):
            points += batch
            if on_progress is not None:
                on_progress(len(points))
    return np.stack(points)


def _write_image(path: Path, image: Photograph, points: Landmarks) -> Landmarks:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=QUALITY)
    path.write_bytes(buffer.getbuffer())
    return points
