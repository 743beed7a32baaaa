"""How a store shows itself: as text, and as HTML of escaped text and a strip of photographs."""

import re
from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tests.storage.conftest import (
    begin,
    blocks_of,
    latent_template,
    pixels,
    publish_images,
    publish_latents,
    vectors,
)
from zpoints.storage import open_store
from zpoints.storage.overview import Content

STRIP = re.compile(r'<img alt="(\d) photographs" src="data:image/png;base64,([^"]+)">')


@pytest.mark.parametrize("shown", [repr, lambda store: store._repr_html_()], ids=["text", "html"])
def test_repr__shows_groups_sizes_version_and_time(repository, root, shown):
    publish_latents(repository, 8)
    store = open_store(root)

    text = shown(store)

    assert "latents" in text
    assert "image: 8, component: 4" in text
    assert re.search(r"\d+ B\b", text)
    assert store.version in text
    assert f"{store.time:%Y-%m-%d %H:%M}" in text


def test_repr__counts_the_dims_of_a_group_with_many():
    sizes = {f"dim_{k}": k for k in range(19)}

    assert Content("statistics", sizes, 8).dims.endswith("dim_4: 4, dim_5: 5, 13 more")
    assert Content("latents", {"image": 3}, 8).dims == "image: 3"


@pytest.mark.parametrize("shown", [repr, lambda store: store._repr_html_()], ids=["text", "html"])
def test_repr__of_an_empty_store(repository, root, shown):
    assert "nothing published yet" in shown(open_store(root))


@pytest.mark.parametrize(("count", "photographs"), [(3, 3), (12, 8)])
def test_repr_html__shows_up_to_eight_photographs_of_all(repository, root, count, photographs):
    publish_images(repository, count)

    [(alt, data)] = STRIP.findall(open_store(root)._repr_html_())

    strip = np.asarray(Image.open(BytesIO(b64decode(data))))
    assert alt == str(photographs)
    assert strip.shape == (8, photographs * 10 - 2, 3)
    for k in range(photographs):
        row = round(k * (count - 1) / (photographs - 1))
        np.testing.assert_array_equal(strip[:, k * 10 : k * 10 + 8], pixels(count)[row])


def test_repr_html__lists_the_newest_versions(repository, root):
    ids = [publish_latents(repository, 3, f"a{k}") for k in range(7)]

    html = open_store(root)._repr_html_()

    assert [version for version in ids if f">{version}</td>" in html] == ids[-5:]
    assert "7 versions in all" in html


def test_repr_html__escapes_what_comes_from_the_store(repository, root):
    work = begin(repository)
    work.create("latents", latent_template(8))
    work.write_chunks("latents", blocks_of("z", vectors(8)))
    work.publish(message="<script>alert(1)</script>", rows=8)

    html = open_store(root)._repr_html_()

    assert "<script" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_repr_html__leaves_damaged_photographs_out(repository, root):
    publish_images(repository, 3)
    for path in (root / "chunks").iterdir():
        path.write_bytes(bytes(len(path.read_bytes())))

    html = open_store(root)._repr_html_()

    assert "<img" not in html
    assert "images" in html
