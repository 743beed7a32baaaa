"""Tables of labels as people have them: whose rows join which photographs."""

import io
import unicodedata
import zipfile

import pyarrow as pa
from PIL import Image

from tests.cluster.situations.situation import (
    Command,
    Commands,
    Place,
    Situation,
    folder,
    ingest,
    with_splits,
)
from tests.pipeline.ingest.photographs import encoded, small
from tests.pipeline.ingest.test_parquet import images, write

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "é.jpg") for form in ("NFC", "NFD"))


def table(column: str, *rows: str) -> str:
    """A CSV file with a column of names, `file`."""
    return "\n".join([f"file,{column}", *rows]) + "\n"


def numbered(folder: str, *numbers: int) -> dict[str, bytes]:
    """Photographs of a folder, named by their numbers."""
    return {f"{folder}/{number}.jpg": small(number) for number in numbers}


def celeba(where: str, suffix: str) -> dict[str, bytes | str]:
    """Three photographs of CelebA stored again, and the official annotations, which name .jpg."""
    form = {".png": "PNG", ".webp": "WEBP", ".JPG": "JPEG"}[suffix]
    stored = [encoded(Image.open(io.BytesIO(small(n))), form, quality=99) for n in (1, 2, 3)]
    return {
        **{f"{where}/{n:06d}{suffix}": data for n, data in enumerate(stored, 1)},
        "Anno/list_attr_celeba.txt": "3\nMale\n000001.jpg  1\n000002.jpg -1\n000003.jpg  1\n",
        "Eval/list_eval_partition.txt": "000001.jpg 0\n000002.jpg 1\n000003.jpg 2\n",
    }


def packed_by_windows(place: Place) -> list[Command]:
    with zipfile.ZipFile(place.folder / "faces.zip", "w") as archive:
        for name, content in {"a/1.jpg": small(1), "b/1.jpg": small(2)}.items():
            entry = zipfile.ZipInfo()
            entry.filename = name.replace("/", "\\")
            archive.writestr(entry, content)
        archive.writestr("labels.csv", table("Male", "a\\1.jpg,1", "b\\1.jpg,0"))
    return [ingest("faces.zip")]


def shard(name: str) -> Commands:
    """Two photographs in a parquet file, as Hugging Face's library writes them."""

    def commands(place: Place) -> list[Command]:
        columns = {"image": images(range(1, 3)), "Male": pa.array([True, False])}
        write(place.folder / "faces" / name, columns)
        return [ingest("faces")]

    return commands


ACROSS_FOLDERS = [
    Situation(
        "FairFace: numbers in each folder, a table for each, photographs of one",
        folder(
            {
                **numbered("val", 1, 2),
                "fairface_label_train.csv": table(
                    "service_test", *(f"train/{n}.jpg,False" for n in range(1, 9))
                ),
                "fairface_label_val.csv": table("service_test", "val/1.jpg,True", "val/2.jpg,True"),
            }
        ),
        "val/1.jpg=1 service_test, val/2.jpg=2 service_test",
        ("labels in fairface_label_val.csv", "fairface_label_train.csv is not used: none of its"),
        0,
    ),
    Situation(
        "rows without folders, numbers in each folder",
        folder(
            {
                **numbered("a", 1, 2),
                **numbered("b", 1, 3),
                "t.csv": table("Male", "1.jpg,1", "2.jpg,1", "3.jpg,0"),
            }
        ),
        "a/1.jpg=1, a/2.jpg=2 Male, b/1.jpg=1, b/3.jpg=3 -Male",
        ("1 row that could be of several photographs, e.g. 1.jpg",),
        0,
    ),
    Situation(
        "the row of a deleted photograph, which has a namesake elsewhere",
        folder(
            {
                **numbered("a", 2),
                **numbered("b", 1),
                "t.csv": table("Male", "a/1.jpg,1", "a/2.jpg,1"),
            }
        ),
        "a/2.jpg=2 Male, b/1.jpg=1",
        ("1 row without a photograph, e.g. a/1.jpg", "1 photograph without a row, e.g. b/1.jpg"),
        0,
    ),
    Situation(
        "a table in each folder",
        folder(
            {
                **numbered("a", 1),
                **numbered("b", 1, 2),
                "a/labels.csv": table("Male", "1.jpg,1"),
                "b/labels.csv": table("Male", "1.jpg,0", "2.jpg,1"),
            }
        ),
        "a/1.jpg=1 Male, b/1.jpg=1 -Male, b/2.jpg=2 Male",
        ("labels in a/labels.csv, b/labels.csv",),
        0,
    ),
    Situation(
        "tables that contradict each other",
        folder(
            {
                **numbered("a", 1, 2),
                "one.csv": table("Male", "a/1.jpg,1", "a/2.jpg,1"),
                "two.csv": table("Male", "a/1.jpg,0"),
            }
        ),
        "a/1.jpg=1, a/2.jpg=2 Male",
        ("1 photograph with different values of Male; none is used",),
        0,
    ),
]
"""Item 1: what is numbered in each folder, several tables, deleted photographs."""

STORED_AGAIN = [
    Situation(
        "CelebA's lossless PNGs in the official download",
        folder(celeba("Img/img_align_celeba_png", ".png")),
        "000001.png=1 Male train, 000002.png=2 -Male validation, 000003.png=3 Male test",
        ("CelebA format",),
        0,
        with_splits,
    ),
    Situation(
        "the folder of CelebA's PNGs renamed",
        folder(celeba("Img/photos", ".png")),
        "000001.png=1 Male train, 000002.png=2 -Male validation, 000003.png=3 Male test",
        ("CelebA format",),
        0,
        with_splits,
    ),
    Situation(
        "CelebA as WebP",
        folder(celeba("img_align_celeba", ".webp")),
        "000001.webp=1 Male train, 000002.webp=2 -Male validation, 000003.webp=3 Male test",
        ("CelebA format",),
        0,
        with_splits,
    ),
    Situation(
        "CelebA with suffixes in capitals",
        folder(celeba("img_align_celeba", ".JPG")),
        "000001.JPG=1 Male train, 000002.JPG=2 -Male validation, 000003.JPG=3 Male test",
        ("CelebA format",),
        0,
        with_splits,
    ),
]
"""Item 3: CelebA stored again."""

OTHERWISE_WRITTEN = [
    Situation(
        "Kaggle's attributes saved with semicolons",
        folder(
            {
                "img_align_celeba/img_align_celeba/000001.jpg": small(1),
                "img_align_celeba/img_align_celeba/000002.jpg": small(2),
                "list_attr_celeba.csv": "image_id;Male\n000001.jpg;1\n000002.jpg;-1\n",
            }
        ),
        "000001.jpg=1 Male, 000002.jpg=2 -Male",
        ("Kaggle",),
        0,
    ),
    Situation(
        "the first line that Excel writes",
        folder({**numbered("a", 1), "t.csv": "sep=;\nfile;Male\na/1.jpg;1\n"}),
        "a/1.jpg=1 Male",
        ("labels in t.csv",),
        0,
    ),
    Situation(
        "a table in UTF-16 with tabulators, as Excel saves Unicode text",
        folder({**numbered("a", 1), "t.csv": "file\tMale\r\na/1.jpg\t1\r\n".encode("utf-16")}),
        "a/1.jpg=1 Male",
        ("labels in t.csv",),
        0,
    ),
    Situation(
        "accents in two forms",
        folder({DECOMPOSED: small(1), "t.csv": table("Male", f"{COMPOSED},1")}),
        f"{DECOMPOSED}=1 Male",
        ("labels in t.csv",),
        0,
    ),
    Situation(
        "a zip packed by Windows",
        packed_by_windows,
        "a/1.jpg=1 Male, b/1.jpg=2 -Male",
        ("labels in labels.csv",),
        0,
    ),
    Situation(
        "a parquet shard whose split is a part of the folder's name",
        shard("partial-train/0000.parquet"),
        "000001.jpg=1 Male train, 000002.jpg=2 -Male train",
        ("Hugging Face parquet",),
        0,
        with_splits,
    ),
    Situation(
        "a named table that joins no row",
        folder(
            {**numbered("a", 1, 2), "t.csv": table("Male", "x.jpg,1", "y.jpg,0")},
            "source.labels=t.csv",
        ),
        None,
        ("none of its 2 rows belongs to one photograph", "source.unused_tables=ignore"),
        2,
    ),
    Situation(
        "a table without a column of labels",
        folder({**numbered("a", 1), "t.csv": table("note", "a/1.jpg,")}),
        None,
        ("gives no label", "source.unused_tables=ignore"),
        2,
    ),
    Situation(
        "the same, allowed",
        folder(
            {**numbered("a", 1), "t.csv": table("note", "a/1.jpg,")},
            "source.unused_tables=ignore",
        ),
        "a/1.jpg=1",
        ("t.csv is not used",),
        0,
    ),
]
"""Item 4: separators, Unicode, slashes, splits; tables that yield nothing."""
