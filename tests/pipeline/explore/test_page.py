"""The explorer's page in a real browser: one page for all tests, which run in this order."""

import io
import re
import urllib.error
import urllib.request
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, Locator

import zpoints as zp
from tests.pipeline.explore.opened import Opened, open_page, served


@pytest.fixture(scope="module")
def url(small_root: str) -> Iterator[str]:
    with served(small_root) as address:
        yield address


@pytest.fixture(scope="module")
def opened(browser: Browser, url: str) -> Opened:
    return open_page(browser, url, viewport={"width": 1400, "height": 1000})


def share(opened: Opened) -> str:
    return opened.page.get_by_text("a normal distribution has").inner_text()


def shown_sources(pictures: Locator) -> list[str]:
    return [picture.get_attribute("src") or "" for picture in pictures.all()]


def downloaded(opened: Opened, button: Locator) -> bytes:
    with opened.page.expect_download() as download:
        button.click()
    return download.value.path().read_bytes()


def test_page__decodes_what_the_pointer_is_on(opened: Opened) -> None:
    opened.until(lambda: opened.picture() != "")
    at_mean, box = opened.picture(), opened.page.locator(".plane canvas").first.bounding_box()
    opened.watch_delay()

    opened.page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.4 * box["height"])
    opened.until(lambda: opened.picture() != at_mean)
    inside = opened.picture()
    assert opened.page.get_by_text("inside the ellipse").count() == 1
    opened.page.mouse.move(box["x"] + 0.15 * box["width"], box["y"] + 0.15 * box["height"])
    opened.until(lambda: opened.picture() != inside)

    assert opened.page.get_by_text("outside the ellipse").count() == 1
    assert opened.delay() < 2000  # 50 ms without other tests at work


def test_page__arrow_keys_move_the_decoded_place(opened: Opened) -> None:
    before, plot = opened.picture(), opened.page.locator(".plane .bk-events")

    plot.focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowUp"):
        plot.press(key)

    opened.until(lambda: "cursor=" in opened.page.url and opened.picture() != before)
    assert opened.page.get_by_text("radius in this plane").count() == 1


def test_page__counts_the_points_inside_at_each_level(opened: Opened) -> None:
    handle = opened.page.locator(".noUi-handle").first
    handle.focus()
    for _ in range(20):
        handle.press("ArrowLeft")
    opened.until(lambda: "a normal distribution has 86.47%" in share(opened))

    inside, total = re.search(r"\(([\d,]+) of ([\d,]+)\)", share(opened)).groups()
    assert int(inside) < int(total) == 160


def test_filter__draws_and_counts_only_what_a_query_selects(
    opened: Opened, small_root: str
) -> None:
    field, expected = opened.page.get_by_label("Filter"), zp.open(small_root).query("Smiling")

    field.fill("Smilling")
    field.press("Enter")
    opened.page.get_by_role("alert").get_by_text("Smilling").first.wait_for()
    field.fill("Smiling")
    field.press("Enter")

    count = expected.sizes["image"]
    opened.page.get_by_text(f"{count} of 160 points are shown").wait_for()
    opened.page.get_by_text(f"of {count});").wait_for()
    opened.until(lambda: "filter=Smiling" in opened.page.url)


def test_selection__of_a_filter_can_be_saved_drawn_from_and_downloaded(
    opened: Opened, small_root: str
) -> None:
    page, store = opened.page, zp.open(small_root)
    page.get_by_text("Selection", exact=True).click()
    page.get_by_text("mean vector, decoded").wait_for()

    page.get_by_text("Save as selection").click()
    assert page.get_by_text("mine: Smiling").is_visible()
    page.get_by_role("button", name="Draw 16 here").click()
    drawn = page.locator(".drawn-here button img")
    opened.until(lambda: drawn.count() == 16)
    vectors = np.load(
        io.BytesIO(downloaded(opened, page.get_by_role("button", name="Vectors .npy").first))
    )
    table = pd.read_csv(
        io.BytesIO(downloaded(opened, page.get_by_role("button", name="Vectors .csv").first))
    )

    smiling = store.query("Smiling")
    np.testing.assert_array_equal(vectors, smiling.z.values)
    assert table["image"].tolist() == smiling.image.values.tolist()
    assert table["Smiling"].all()


def test_selection__of_an_outline_shows_its_images(opened: Opened) -> None:
    page = opened.page
    page.get_by_label("Filter").fill("")
    page.get_by_label("Filter").press("Enter")
    box = page.locator(".plane canvas").first.bounding_box()
    middle = box["x"] + 0.5 * box["width"], box["y"] + 0.45 * box["height"]

    page.locator(".bk-tool-icon-lasso-select").first.click()
    page.mouse.move(middle[0] - 90, middle[1] - 90)
    page.mouse.down()
    for across, up in ((90, -90), (90, 90), (-90, 90), (-90, -80)):
        page.mouse.move(middle[0] + across, middle[1] + up, steps=5)
    page.mouse.up()

    opened.until(lambda: "lasso=" in page.url)
    of_all = page.get_by_text(re.compile(r"^\d+ of 160 images"))
    of_all.wait_for()
    assert 0 < int(of_all.inner_text().split()[0]) < 160
    assert page.get_by_text("image in [", exact=False).count() > 0


def test_image__of_a_click_leads_to_its_neighbours(opened: Opened) -> None:
    page = opened.page
    box = page.locator(".plane canvas").first.bounding_box()

    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.45 * box["height"])
    neighbours = page.locator(".neighbours button")
    opened.until(lambda: neighbours.count() == 12)
    name = page.get_by_text("Mahalanobis radius", exact=False).first.inner_text().split(",")[0]
    wanted = neighbours.first.get_attribute("title")
    neighbours.first.click()

    page.get_by_text(f"{wanted}, number").wait_for()
    assert wanted != name
    assert page.get_by_role("cell", name="5_o_Clock_Shadow").count() == 1
    assert page.get_by_text("reconstruction", exact=True).count() == 1


def test_sliders__decode_another_image_and_stay_inside(opened: Opened) -> None:
    page = opened.page
    page.get_by_text("Components", exact=True).click()
    face = page.locator(".at-sliders img")
    opened.until(lambda: bool(face.count() and face.get_attribute("src")))
    before = face.get_attribute("src")

    page.get_by_role("button", name="A random one inside").click()

    opened.until(lambda: face.get_attribute("src") != before)
    page.get_by_text("all pairs inside their ellipse").wait_for()


def test_playground__draws_with_two_generators_side_by_side(opened: Opened) -> None:
    page = opened.page
    left, right = page.locator(".side.left button img"), page.locator(".side.right button img")
    opened.until(lambda: left.count() == right.count() == 24)
    first = shown_sources(left)

    page.get_by_role("button", name="Another seed").click()
    opened.until(lambda: len(shown_sources(left)) == 24 and shown_sources(left) != first)

    opened.until(lambda: "seed=1" in page.url)
    assert page.get_by_text("Evaluated by the run as ellipse:", exact=False).count() == 1
    assert shown_sources(left) != shown_sources(right)


def test_page__colours_by_a_label_with_a_legend(opened: Opened) -> None:
    opened.page.get_by_label("Colour").select_option(label="Smiling")

    legend = opened.page.locator(".entry")
    opened.until(lambda: legend.all_inner_texts() == ["yes", "no"])


def test_page__shows_other_coordinates(opened: Opened) -> None:
    opened.page.get_by_label("Across").select_option(label="reconstruction error")

    opened.until(lambda: "x=error" in opened.page.url)
    opened.page.locator(".plane canvas").first.wait_for()
    opened.page.get_by_label("Across").select_option(label="principal component 1")
    opened.until(lambda: "x=error" not in opened.page.url)


def test_page__comes_back_as_its_address_describes_it(opened: Opened) -> None:
    page = opened.page
    steps = page.locator(".at-sliders img").get_attribute("src")

    page.reload()

    face = page.locator(".at-sliders img")
    opened.until(lambda: bool(face.count() and face.get_attribute("src") == steps))
    assert page.locator(".below").get_by_label("Seed").first.input_value() == "1"


def test_page__has_complained_about_nothing(opened: Opened) -> None:
    assert opened.problems == [], "\n".join(opened.problems)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),
        ("/static/js/bokeh.min.js", {}),
        ("/wrong-token/", {}),
        ("TOKEN", {"Origin": "http://evil.example"}),
        ("TOKEN/ws", {"Origin": "http://evil.example", "Upgrade": "websocket"}),
        ("TOKEN", {"Host": "evil.example"}),
    ],
)
def test_server__refuses_strangers(url: str, path: str, headers: dict[str, str]) -> None:
    place = url.rstrip("/") + path[5:] if path.startswith("TOKEN") else url.rsplit("/", 2)[0] + path

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(place, headers=headers), timeout=20)

    assert refused.value.code == 403
