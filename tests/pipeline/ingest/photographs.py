"""Photographs, and folders of them in several formats."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from zpoints.pipeline.ingest.config import SourceConfig
from zpoints.pipeline.ingest.sources.formats import open_source
from zpoints.pipeline.ingest.sources.source import Source
from zpoints.pipeline.ingest.tables.annotations import annotations_digest

NAMES = [f"{number:06d}.jpg" for number in range(1, 7)]
POINTS = (
    "lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y "
    "leftmouth_x leftmouth_y rightmouth_x rightmouth_y"
)


def gradient(width: int = 178, height: int = 218, *, scale: float = 1.0) -> Image.Image:
    """A smooth photograph: red grows to the right, green downwards."""
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x / width, y / height, np.full_like(x, 0.25, float)], axis=-1)
    return Image.fromarray((255 * scale * pixels).astype(np.uint8))


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    data = io.BytesIO()
    image.save(data, form, **options)
    return data.getvalue()


def jpeg(image: Image.Image, **options: Any) -> bytes:
    return encoded(image, "JPEG", quality=95, **options)


def small(number: int) -> bytes:
    """A small photograph, distinct for each number."""
    return jpeg(gradient(40, 48, scale=1 - number / 20))


def write_small(folder: Path, names: list[str]) -> None:
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(small(number))


def celeba_tree(home: Path) -> Path:
    """Six photographs in CelebA's official format; annotation rows in reverse order."""
    write_small(home / "img_align_celeba", NAMES)
    backwards = list(enumerate(NAMES))[::-1]
    attributes = [f"{n} {1 if i % 2 else -1:2d} -1" for i, n in backwards]
    (home / "list_attr_celeba.txt").write_text("6\nSmiling Male \n" + "\n".join(attributes) + "\n")
    splits = [f"{n} {i // 2}" for i, n in backwards]
    (home / "list_eval_partition.txt").write_text("\n".join(splits))
    (home / "identity_CelebA.txt").write_text("\n".join(f"{n} {100 + i}" for i, n in backwards))
    points = [f"{n}  69 109 106 113 77 142 73 152 108 {i}" for i, n in backwards]
    header = f"6\n{POINTS}\n"
    (home / "list_landmarks_align_celeba.txt").write_text(header + "\n".join(points))
    return home


def kaggle_tree(home: Path) -> Path:
    """The same photographs and labels as Kaggle packs them; Kaggle has no identities."""
    write_small(home / "img_align_celeba" / "img_align_celeba", NAMES)
    tables = {
        "list_attr_celeba": ["Smiling,Male", *(f"{1 if i % 2 else -1},-1" for i in range(6))],
        "list_eval_partition": ["partition", *(str(i // 2) for i in range(6))],
        "list_landmarks_align_celeba": [
            POINTS.replace(" ", ","),
            *(f"69,109,106,113,77,142,73,152,108,{i}" for i in range(6)),
        ],
    }
    for stem, lines in tables.items():
        rows = zip(["image_id", *NAMES], lines, strict=True)
        (home / f"{stem}.csv").write_text("".join(f"{name},{row}\n" for name, row in rows))
    return home


def zipped(tree: Path) -> Path:
    """The same tree with the photographs in an archive, as in CelebA's download."""
    home = tree.parent / "zipped"
    home.mkdir()
    with zipfile.ZipFile(home / "img_align_celeba.zip", "w") as archive:
        for path in sorted((tree / "img_align_celeba").iterdir()):
            archive.write(path, f"img_align_celeba/{path.name}")
        archive.writestr("__MACOSX/img_align_celeba/._000001.jpg", b"not a photograph")
    for path in tree.glob("*.txt"):
        (home / path.name).write_bytes(path.read_bytes())
    return home


def opened(path: Path, **config: Any) -> Source:
    return open_source(path, SourceConfig(**config))


def contents(source: Source) -> list[bytes]:
    return [source.files.read(key) for key in source.keys]


def annotations(source: Source) -> str:
    """Digest of all labels of a source."""
    return annotations_digest(source.labels, source.landmarks)
