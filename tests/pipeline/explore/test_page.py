"""The explorer's page in a real browser: it loads, follows the pointer, and refuses strangers."""

import re
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.pipeline.explore.browser import Opened, needs_chromium, open_page, served
from tests.pipeline.explore.browser import browser as browser

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def url(small_root: str) -> Iterator[str]:
    with served(small_root) as address:
        yield address


@pytest.fixture(scope="module")
def opened(browser: Browser, url: str) -> Opened:
    return open_page(browser, url)


def share(opened: Opened) -> str:
    return opened.page.get_by_text("a normal distribution has").inner_text()


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


def test_page__counts_the_points_inside_at_each_level(opened: Opened) -> None:
    handle = opened.page.locator(".noUi-handle").first
    handle.focus()
    for _ in range(20):
        handle.press("ArrowLeft")
    opened.until(lambda: "a normal distribution has 86.47%" in share(opened))

    inside, total = re.search(r"\(([\d,]+) of ([\d,]+)\)", share(opened)).groups()
    assert int(inside) < int(total) == 160


def test_page__colours_by_a_label_with_a_legend(opened: Opened) -> None:
    opened.page.get_by_label("Colour").select_option(label="Smiling")

    opened.page.get_by_text("yes", exact=True).wait_for()
    assert opened.page.get_by_text("no", exact=True).count() == 1


def test_page__shows_other_coordinates(opened: Opened) -> None:
    opened.page.get_by_label("Across").select_option(label="reconstruction error")

    opened.until(lambda: "x=error" in opened.page.url)
    opened.page.locator(".plane canvas").first.wait_for()


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
