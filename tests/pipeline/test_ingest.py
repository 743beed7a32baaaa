"""CelebA's official form: joined by name, read from a folder or a zip, cut and resized."""

import io
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

from pipeline.ingest.celeba import read_celeba
from pipeline.ingest.errors import SourceError
from pipeline.ingest.files import FolderFiles, ZipFiles
from pipeline.ingest.forms import open_source
from pipeline.ingest.images import decode_photograph, read_block
from pipeline.ingest.source import limited

NAMES = [f"{number:06d}.jpg" for number in range(1, 7)]


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


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Six photographs in CelebA's form; annotation rows in reverse order of the names."""
    folder = tmp_path / "celeba" / "img_align_celeba"
    folder.mkdir(parents=True)
    for i, name in enumerate(NAMES):
        (folder / name).write_bytes(jpeg(gradient(scale=1 - i / 10)))
    home = folder.parent
    backwards = list(enumerate(NAMES))[::-1]
    attributes = [f"{n} {1 if i % 2 else -1:2d} -1" for i, n in backwards]
    (home / "list_attr_celeba.txt").write_text("6\nSmiling Male \n" + "\n".join(attributes) + "\n")
    splits = [f"{n} {i // 2}" for i, n in backwards]
    (home / "list_eval_partition.txt").write_text("\n".join(splits))
    (home / "identity_CelebA.txt").write_text("\n".join(f"{n} {100 + i}" for i, n in backwards))
    columns = "lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y leftmouth_x leftmouth_y"
    points = [f"{n}  69 109 106 113 77 142 73 152 108 {i}" for i, n in backwards]
    header = f"6\n{columns} rightmouth_x rightmouth_y\n"
    (home / "list_landmarks_align_celeba.txt").write_text(header + "\n".join(points))
    return home


def zipped(tree: Path) -> Path:
    """The same tree with the photographs in an archive, the way CelebA packs them."""
    home = tree.parent / "zipped"
    home.mkdir()
    with zipfile.ZipFile(home / "img_align_celeba.zip", "w") as archive:
        for path in sorted((tree / "img_align_celeba").iterdir()):
            archive.write(path, f"img_align_celeba/{path.name}")
        archive.writestr("__MACOSX/img_align_celeba/._000001.jpg", b"not a photograph")
    for path in tree.glob("*.txt"):
        (home / path.name).write_bytes(path.read_bytes())
    return home


def test_read_celeba__joins_annotations_by_file_name(tree: Path) -> None:
    source = open_source(tree)

    assert source.names == tuple(NAMES)
    assert source.labels["Smiling"].tolist() == [False, True] * 3
    assert not source.labels["Male"].any()
    assert source.labels["split"].tolist() == ["train"] * 2 + ["validation"] * 2 + ["test"] * 2
    assert source.labels["identity"].tolist() == [100, 101, 102, 103, 104, 105]
    assert source.landmarks is not None
    assert source.landmarks.shape == (6, 5, 2)
    assert source.landmarks[:, 4, 1].tolist() == [0, 1, 2, 3, 4, 5]
    assert source.notes == ()


def test_read_celeba__zip_gives_what_the_folder_gives(tree: Path) -> None:
    folder, archive = open_source(tree), open_source(zipped(tree))

    assert archive.names == folder.names
    assert archive.labels.equals(folder.labels)
    assert [archive.files.read(n) for n in NAMES] == [folder.files.read(n) for n in NAMES]


def test_read_celeba__accepts_the_image_folder_itself(tree: Path) -> None:
    assert open_source(tree / "img_align_celeba").labels.equals(open_source(tree).labels)


def test_read_celeba__accepts_the_folders_of_the_official_download(tree: Path) -> None:
    home = tree.parent / "official"
    (home / "Anno").mkdir(parents=True)
    (home / "Img").mkdir()
    (tree / "img_align_celeba").rename(home / "Img" / "img_align_celeba")
    (tree / "list_attr_celeba.txt").rename(home / "Anno" / "list_attr_celeba.txt")

    assert list(open_source(home).labels) == ["Smiling", "Male"]


def test_read_celeba__missing_annotations_are_said_and_absent(tree: Path) -> None:
    (tree / "list_attr_celeba.txt").unlink()
    (tree / "list_landmarks_align_celeba.txt").unlink()

    source = open_source(tree)

    assert list(source.labels) == ["split", "identity"]
    assert source.landmarks is None
    assert [note.split()[0] for note in source.notes] == [
        "list_attr_celeba.txt",
        "list_landmarks_align_celeba.txt",
    ]


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("list_attr_celeba.txt", "6\nSmiling\n000001.jpg 1\n", "no row for 5 of 6"),
        ("list_attr_celeba.txt", "6\nSmiling\n000001.jpg maybe\n", "CelebA's format"),
        ("list_eval_partition.txt", "\n".join(f"{n} 7" for n in NAMES), "split other than"),
        ("identity_CelebA.txt", "\n".join(f"{n} 1" for n in NAMES * 2), "twice"),
        ("list_landmarks_align_celeba.txt", "6\nx y\n" + "\n".join(NAMES), "CelebA's format"),
        ("list_landmarks_align_celeba.txt", "1\nx y\n000001.jpg 1 2\n", "2 columns"),
    ],
)
def test_read_celeba__refuses_wrong_annotations(
    tree: Path, file: str, text: str, message: str
) -> None:
    (tree / file).write_text(text)

    with pytest.raises(SourceError, match=message) as caught:
        open_source(tree)
    assert file in str(caught.value)


def test_read_celeba__refuses_annotations_that_are_no_text(tree: Path) -> None:
    path = tree / "list_attr_celeba.txt"
    path.write_bytes("6\nSmiling\nJosé.jpg 1\n".encode("latin-1"))

    with pytest.raises(SourceError, match=r"Expected .* UTF-8; replace it, or remove it") as caught:
        open_source(tree)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", None])
def test_read_celeba__refuses_a_truncated_or_foreign_archive(
    tree: Path, content: bytes | None
) -> None:
    """An empty file, an error page under the archive's name, the first half of a download."""
    path = zipped(tree) / "img_align_celeba.zip"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content is None else content)

    with pytest.raises(
        SourceError, match=r"complete zip archive.*fetch or pack it again"
    ) as caught:
        open_source(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_read_block__names_the_archive_and_its_damaged_photograph(
    tmp_path: Path, method: int
) -> None:
    path = tmp_path / "img_align_celeba.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("img_align_celeba/a.jpg", jpeg(gradient()))
    content = bytearray(path.read_bytes())
    content[100:900] = bytes(800)
    path.write_bytes(content)

    with pytest.raises(SourceError, match=r"intact archive.*fetch or pack it again") as caught:
        read_block(ZipFiles(path), ["a.jpg"], crop=None, side=32, channels=3)
    assert str(path) in str(caught.value)
    assert "img_align_celeba/a.jpg" in str(caught.value)


def test_read_block__names_the_photograph_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone\.jpg cannot be read .*Expected a readable"):
        read_block(FolderFiles(tmp_path), ["gone.jpg"], crop=None, side=32, channels=3)


def test_folder_files__a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "lost.jpg").symlink_to(tmp_path / "nowhere.jpg")

    with pytest.raises(SourceError, match=r"lost\.jpg.*links that lead nowhere"):
        FolderFiles(tmp_path).signature()


def test_open_source__refuses_what_has_no_known_form(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="img_align_celeba"):
        open_source(tmp_path)
    with pytest.raises(SourceError, match="does not exist"):
        open_source(tmp_path / "absent")
    (tmp_path / "img_align_celeba").mkdir()
    with pytest.raises(SourceError, match=r"no \.jpg"):
        open_source(tmp_path)


def test_source_digest__changes_with_photographs_and_annotations(tree: Path) -> None:
    before = open_source(tree).digest
    assert open_source(tree).digest == before

    (tree / "identity_CelebA.txt").write_text("\n".join(f"{n} 9" for n in NAMES))
    relabelled = open_source(tree).digest
    (tree / "img_align_celeba" / NAMES[0]).write_bytes(jpeg(gradient(scale=0.1)))

    assert len({before, relabelled, open_source(tree).digest}) == 3


def test_limited__keeps_every_split(tree: Path) -> None:
    source = limited(open_source(tree), 3)

    assert len(source.names) == len(source.labels) == 3
    assert set(source.labels["split"]) == {"train", "validation", "test"}
    assert source.labels.index.tolist() == list(source.names)


def test_decode_photograph__takes_the_central_square() -> None:
    pixels = decode_photograph(jpeg(gradient()), crop=140, side=70, channels=3)

    assert pixels.shape == (70, 70, 3)
    left, right = pixels[:, 0, 0].mean(), pixels[:, -1, 0].mean()
    assert left == pytest.approx(255 * 20 / 178, abs=3)
    assert right == pytest.approx(255 * 158 / 178, abs=3)


def test_decode_photograph__agrees_with_a_float64_area_average() -> None:
    """Halving by the antialiased triangle filter: weights 1 3 3 1 over 8 in each direction."""
    rng = np.random.default_rng(0)
    photograph = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)

    data = encoded(Image.fromarray(photograph), "PNG")
    pixels = decode_photograph(data, crop=None, side=32, channels=3)

    weights = np.array([1, 3, 3, 1]) / 8
    inner = photograph.astype(float)
    for axis in (0, 1):
        windows = np.lib.stride_tricks.sliding_window_view(inner, 4, axis=axis)
        inner = np.take(windows, np.arange(1, 61, 2), axis=axis) @ weights
    np.testing.assert_allclose(pixels[1:-1, 1:-1], inner, atol=1.5)


def test_decode_photograph__grey_is_the_luma_of_the_colours() -> None:
    colour = decode_photograph(jpeg(gradient()), crop=None, side=32, channels=3).astype(float)
    grey = decode_photograph(jpeg(gradient()), crop=None, side=32, channels=1)

    assert grey.shape == (32, 32, 1)
    np.testing.assert_allclose(grey[..., 0], colour @ [0.299, 0.587, 0.114], atol=2)


def test_read_block__a_crop_beyond_the_photograph_is_to_be_set_smaller(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(gradient(100, 120)))

    with pytest.raises(SourceError, match=r"100 x 120 .* ingest\.crop to at most 100") as caught:
        read_block(FolderFiles(tmp_path), ["a.jpg"], crop=140, side=64, channels=3)
    assert "epair" not in str(caught.value)


def test_read_block__names_the_photograph_that_cannot_be_read(tmp_path: Path) -> None:
    whole = jpeg(gradient())
    (tmp_path / "a.jpg").write_bytes(whole)
    (tmp_path / "b.jpg").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(SourceError, match=r"b\.jpg: .*repair or remove the photograph\.$"):
        read_block(FolderFiles(tmp_path), ["a.jpg", "b.jpg"], crop=None, side=32, channels=3)


def test_read_celeba__leaves_other_forms_to_other_readers(tmp_path: Path) -> None:
    assert read_celeba(tmp_path) is None


def test_decode_photograph__fast_and_general_decoder_agree_to_the_bit() -> None:
    photograph = gradient()
    data = jpeg(photograph)

    pixels = decode_photograph(data, crop=None, side=178 // 16 * 16, channels=3)

    with Image.open(io.BytesIO(data)) as image:
        central = image.crop((0, 20, 178, 198)).resize((176, 176), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(pixels, np.asarray(central))


def test_decode_photograph__reads_cmyk_and_palette_files() -> None:
    for mode, form in (("CMYK", "JPEG"), ("P", "PNG"), ("L", "JPEG")):
        data = encoded(gradient().convert(mode), form)
        pixels = decode_photograph(data, crop=None, side=32, channels=3)
        assert pixels.shape == (32, 32, 3)
        assert pixels.std() > 10


@pytest.mark.parametrize(("dtype", "form"), [("<u2", "PNG"), (">u2", "TIFF"), ("<i4", "TIFF")])
def test_decode_photograph__scales_16_bits_to_8(dtype: str, form: str) -> None:
    grey = np.asarray(gradient().convert("L"))
    wide = (grey.astype(np.int64) * 257).astype(dtype)

    pixels = decode_photograph(encoded(Image.fromarray(wide), form), crop=None, side=32, channels=1)

    narrow = encoded(Image.fromarray(grey), "PNG")
    expected = decode_photograph(narrow, crop=None, side=32, channels=1)
    np.testing.assert_array_equal(pixels, expected)
    assert 0 < pixels.mean() < 200


@pytest.mark.parametrize("mode", ["F", "I"])
def test_decode_photograph__refuses_pixels_of_unknown_range(mode: str) -> None:
    data = encoded(Image.new(mode, (40, 40), 70_000), "TIFF")

    with pytest.raises(ValueError, match="expected 8 or 16 bits"):
        decode_photograph(data, crop=None, side=32, channels=1)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("limit", [9_999, 4_000])
def test_decode_photograph__refuses_more_pixels_than_pillow_allows(
    form: str, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pillow itself only warns up to twice its limit."""
    data = encoded(gradient(100, 100), form)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=rf"100 x 100 .* limit of {limit:,}.*remove it"):
            decode_photograph(data, crop=None, side=32, channels=3)

    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    assert decode_photograph(data, crop=None, side=32, channels=3).shape == (32, 32, 3)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_decode_photograph__turns_upright_what_exif_says_lies(form: str) -> None:
    upright = gradient(96, 128)
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6

    options = {"quality": 95, "subsampling": 0} if form == "JPEG" else {}
    turned = encoded(lying, form, exif=exif, **options)
    pixels = decode_photograph(turned, crop=None, side=32, channels=3).astype(int)

    expected = decode_photograph(encoded(upright, "PNG"), crop=None, side=32, channels=3)
    assert np.abs(pixels - expected).max() <= 4
    untouched = decode_photograph(encoded(lying, "PNG"), crop=None, side=32, channels=3)
    assert np.abs(untouched.astype(int) - expected).max() > 50
