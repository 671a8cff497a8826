"""The site in a headless Chromium, from disk: nothing is fetched, it fits a phone, search finds."""

import re

import pytest
from docs import report_pictures

from tests.site.test_pages import SITE

PAGES = [
    "index.html",
    "tutorials/first-run.html",
    "rules/dtp.html",
    "choosing.html",
    "metrics.html",
    "gallery.html",
    "reference/training.html",
    "src/apical/papers/target_propagation/index.html",
]

pytestmark = [
    pytest.mark.site,
    pytest.mark.skipif(report_pictures.CHROMIUM is None, reason="no chromium is installed"),
]


@pytest.fixture(scope="module")
def browser():
    with report_pictures.browser() as started:
        yield started


@pytest.fixture
def opened(browser):
    """Opens a page; fails for what the console tells of, and for what is not on the disk."""
    told: list[str] = []
    contexts = []

    def go(page, width=1280, theme="light"):
        context = browser.new_context(
            viewport={"width": width, "height": 844}, color_scheme=theme, reduced_motion="reduce"
        )
        context.set_default_timeout(120_000)
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda m: told.append(m.text) if m.type == "error" else None)
        tab.on("pageerror", lambda error: told.append(str(error)))
        tab.on("request", lambda r: told.append(r.url) if r.url.startswith("http") else None)
        tab.goto((SITE / page).as_uri())
        return tab

    yield go
    for context in contexts:
        context.close()
    assert told == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_a_phone(opened, page, theme):
    tab = opened(page, 390, theme)
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= 390
    background = tab.evaluate("() => getComputedStyle(document.body).backgroundColor")
    red, green, blue = map(int, background.removeprefix("rgb(").rstrip(")").split(","))
    assert (red + green + blue > 384) is (theme == "light")


def test_the_first_screen_has_a_picture(opened):
    tab = opened("index.html")
    picture = tab.locator("article img").first
    assert picture.evaluate("each => each.complete && each.naturalWidth > 0")
    assert picture.bounding_box()["y"] < 844 / 2


def test_search_finds_from_disk(opened):
    tab = opened("index.html")
    tab.keyboard.press("Control+k")
    tab.wait_for_timeout(500)
    tab.keyboard.type("difference target propagation")
    tab.get_by_text(re.compile(r"^\d+ results$")).wait_for()
