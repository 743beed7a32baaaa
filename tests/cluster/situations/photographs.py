"""Files of photographs as people have them, in folders, archives and buckets."""

import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image

from tests.cluster.situations.situation import (
    Command,
    Commands,
    Files,
    Place,
    Situation,
    folder,
    ingest,
)
from tests.pipeline.ingest.decoding.damage import (
    END,
    before,
    before_pixels,
    chunk,
    jfif,
    scan_header,
    with_exif,
    with_xmp,
    wrong_checksum,
    xmp,
)
from tests.pipeline.ingest.files.packed import pack
from tests.pipeline.ingest.photographs import encoded, small
from tests.s3 import new_bucket, upload
from zpoints.storage import open_store
from zpoints.storage.export.pictures import export_images

PEOPLE: Files = {
    "s1/1.jpg": small(1),
    "s1/2.jpg": small(2),
    "s2/1.jpg": small(3),
    "labels.csv": "file,Male\ns1/1.jpg,1\ns1/2.jpg,1\ns2/1.jpg,0\n",
}
PEOPLE_STORED = "s1/1.jpg=1 Male, s1/2.jpg=2 Male, s2/1.jpg=3 -Male"


def image(number: int) -> Image.Image:
    return Image.open(io.BytesIO(small(number)))


def png(number: int) -> bytes:
    return encoded(image(number), "PNG")


def on_its_side(number: int) -> Image.Image:
    """A photograph as a file of orientation 6 stores it."""
    return image(number).transpose(Image.Transpose.ROTATE_90)


def beside_results(write: Callable[[Path, str], None]) -> Commands:
    """Photographs in the working folder, which is the source, and what zpoints wrote there.

    Parameters
    ----------
    write
        Takes the working folder and the root of a store on which a whole run was done.
    """

    def commands(place: Place) -> Iterator[Command]:
        place.write({"a.jpg": small(1), "b.jpg": small(2)})
        yield ingest(".")
        write(place.folder, place.given("small_root"))
        yield ingest(".")

    return commands


def report_of_this_store(home: Path, root: str) -> None:
    shutil.copytree(f"{root}/report", home / "store" / "report")


def report_elsewhere(home: Path, root: str) -> None:
    shutil.copytree(f"{root}/report", home / "site")


def another_store(home: Path, root: str) -> None:
    shutil.copytree(root, home / "runs" / "old")


def exported_pictures(home: Path, root: str) -> None:
    export_images(open_store(root), "images", home / "out")


def in_the_root(place: Place) -> list[Command]:
    place.write({"store/faces/a.jpg": small(1)})
    return [ingest("store/faces")]


def bucket_with_a_store(place: Place) -> list[Command]:
    s3 = place.given("s3")
    bucket = new_bucket(s3)
    place.write({"faces/a.jpg": small(1), "faces/b.jpg": small(2)})
    another_store(place.folder / "faces", place.given("small_root"))
    upload(s3, place.folder / "faces", bucket, "faces")
    return [ingest(f"s3://{bucket}/faces")]


def bucket_with(*keys: str) -> Commands:
    """A folder in a bucket with the photographs of people and objects of these names."""

    def commands(place: Place) -> list[Command]:
        s3 = place.given("s3")
        bucket = new_bucket(s3)
        for name, content in PEOPLE.items():
            s3.put_object(Bucket=bucket, Key=f"faces/{name}", Body=content)
        for key in keys:
            s3.put_object(Bucket=bucket, Key=f"faces/{key}", Body=small(9))
        return [ingest(f"s3://{bucket}/faces")]

    return commands


def archive(name: str, *, inside: str = "") -> Commands:
    """The photographs of people in an archive, in a folder inside it."""

    def commands(place: Place) -> list[Command]:
        files = {
            f"{inside}{file}": content.encode() if isinstance(content, str) else content
            for file, content in PEOPLE.items()
        }
        pack(place.folder / name, files)
        return [ingest(name)]

    return commands


RESULTS_IN_THE_SOURCE = [
    Situation(
        "the store in the source, a run after its report",
        beside_results(report_of_this_store),
        "a.jpg=1, b.jpg=2",
        ("pictures left out that zpoints wrote, in the store store.", "up to date"),
        0,
        slow=True,
    ),
    Situation(
        "a report in the source",
        beside_results(report_elsewhere),
        "a.jpg=1, b.jpg=2",
        ("pictures left out that zpoints wrote, in the report site.", "up to date"),
        0,
        slow=True,
    ),
    Situation(
        "exported pictures in the source",
        beside_results(exported_pictures),
        "a.jpg=1, b.jpg=2",
        ("160 pictures left out that zpoints wrote, in the export out.", "up to date"),
        0,
        slow=True,
    ),
    Situation(
        "another store in the source, in a bucket",
        bucket_with_a_store,
        "a.jpg=1, b.jpg=2",
        ("pictures left out that zpoints wrote, in the store runs/old.",),
        0,
        slow=True,
    ),
    Situation(
        "the source in the root",
        in_the_root,
        None,
        ("lies in the root of the store, store", "another --root"),
        2,
    ),
]
"""Item 2: what zpoints wrote does not count as a photograph."""

ODD_FILES = [
    Situation(
        "two zero bytes before a marker",
        folder({"a.jpg": before(small(1), END, b"\0\0"), "b.jpg": small(2)}),
        "a.jpg=1, b.jpg=2",
        ("2 photographs.",),
        0,
    ),
    Situation(
        "the same with an EXIF block",
        folder({"a.jpg": with_exif(before(small(1), END, b"\0\0")), "b.jpg": small(2)}),
        "a.jpg=1, b.jpg=2",
        ("2 photographs.",),
        0,
    ),
    Situation(
        "a scan header of zeros, as a phone writes it",
        folder({"a.jpg": scan_header(small(1), b"\0\0\0"), "b.jpg": small(2)}),
        "a.jpg=1, b.jpg=2",
        ("2 photographs.",),
        0,
    ),
    Situation(
        "major version 2 of JFIF",
        folder({"a.jpg": jfif(small(1), 2), "b.jpg": small(2)}),
        "a.jpg=1, b.jpg=2",
        ("2 photographs.",),
        0,
    ),
    Situation(
        "a PNG with a wrong checksum of a comment",
        folder({"a.png": before_pixels(png(1), chunk(b"tEXt", b"k\0v", wrong=True))}),
        "a.png=1",
        ("1 photograph.",),
        0,
    ),
    Situation(
        "a PNG with a wrong checksum of its pixels",
        folder({"a.png": wrong_checksum(png(1), b"IDAT"), "b.jpg": small(2)}),
        "b.jpg=2, !a.png",
        ("a.png",),
        0,
    ),
    Situation(
        "a JPEG cut short",
        folder({"a.jpg": small(1)[:-200], "b.jpg": small(2)}),
        "b.jpg=2, !a.jpg",
        ("a.jpg",),
        0,
    ),
    Situation(
        "a JPEG cut short, with an EXIF block",
        folder({"a.jpg": with_exif(small(1)[:-200]), "b.jpg": small(2)}),
        "b.jpg=2, !a.jpg",
        ("a.jpg",),
        0,
    ),
]
"""Item 6: what costs no pixel is read, lost pixels are refused."""

ARCHIVES = [
    Situation(
        "a zip with a folder for each person",
        archive("faces.zip"),
        PEOPLE_STORED,
        ("labels in labels.csv",),
        0,
    ),
    Situation(
        "a tar of a folder",
        archive("faces.tar", inside="faces/"),
        PEOPLE_STORED,
        ("faces.tar/faces and labels in labels.csv",),
        0,
    ),
    Situation(
        "a compressed tar",
        archive("faces.tar.gz", inside="./"),
        PEOPLE_STORED,
        ("labels in labels.csv",),
        0,
    ),
]
"""Item 7: an archive is read as the folder that it holds."""

ODD_KEYS = [
    Situation(
        "an object with an empty part in its key",
        bucket_with("s1//3.jpg"),
        PEOPLE_STORED,
        ("1 key left out", "rename or delete"),
        0,
    ),
    Situation(
        "an object with two dots in its key",
        bucket_with("../3.jpg", "s1/../4.jpg"),
        PEOPLE_STORED,
        ("keys left out", "rename or delete"),
        0,
    ),
    Situation(
        "an object with a dot in its key, and one that ends in empty parts",
        bucket_with("s1/./3.jpg", "s2//"),
        PEOPLE_STORED,
        ("2 keys left out", "rename or delete"),
        0,
    ),
]
"""Item 8: keys that are not paths."""

TURNED = [
    Situation(
        "an orientation in XMP, in a JPEG",
        folder({"a.jpg": with_xmp(encoded(on_its_side(1), "JPEG", quality=95), xmp(6))}),
        "a.jpg=1",
        ("1 photograph.",),
        0,
    ),
    Situation(
        "the same in a PNG",
        folder(
            {
                "a.png": before_pixels(
                    encoded(on_its_side(1), "PNG"),
                    chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(6)),
                )
            }
        ),
        "a.png=1",
        ("1 photograph.",),
        0,
    ),
    Situation(
        "the same in a WebP",
        folder({"a.webp": encoded(on_its_side(1), "WEBP", lossless=True, xmp=xmp(6))}),
        "a.webp=1",
        ("1 photograph.",),
        0,
    ),
    Situation(
        "an orientation in EXIF, in a JPEG",
        folder({"a.jpg": with_exif(encoded(on_its_side(1), "JPEG", quality=95), 6)}),
        "a.jpg=1",
        ("1 photograph.",),
        0,
    ),
]
"""Item 9: the same photograph comes out the same whatever its container."""
