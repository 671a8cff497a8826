"""The pictures of pages of `apical report` in the README, as a headless Chromium shows them.

`python docs/report_pictures.py` draws docs/report-runs.png and docs/report-claims.png of what is
committed. It needs Debian's chromium and playwright (`pip install '.[dev]'`).
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

from apical.page import write

DOCS = Path(__file__).parent
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
PAPER = "itd, paper protocol"
"""Whose claims are shown."""


@contextmanager
def browser() -> Iterator[Any]:
    """A headless Chromium. Raises `FileNotFoundError` if none is installed."""
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        raise FileNotFoundError("no chromium is installed; apt-get install chromium")
    with sync_playwright() as driver:
        started = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"], timeout=180_000
        )
        yield started
        started.close()


def draw(chromium: Any, to: Path = DOCS) -> list[Path]:
    """Draw the pictures into a folder, by a browser; the files."""
    to = to.absolute()
    # A page tells folders as they were given: not where this repository lies.
    with tempfile.TemporaryDirectory() as folder, chdir(DOCS.parent):
        runs = write(["docs/results/mnist"], Path(folder) / "runs.html")
        gallery = write([], Path(folder) / "gallery.html", all_papers=True)
        return [
            _of_runs(_opened(chromium, runs, 972, "light"), to / "report-runs.png"),
            _of_claims(_opened(chromium, gallery, 690, "dark"), to / "report-claims.png"),
        ]


def _opened(chromium: Any, page: Path, height: int, theme: str) -> Any:
    context = chromium.new_context(viewport={"width": 1100, "height": height}, color_scheme=theme)
    context.set_default_timeout(120_000)
    tab = context.new_page()
    tab.goto(page.as_uri())
    return tab


def _of_runs(tab: Any, out: Path) -> Path:
    tab.wait_for_selector("#chart [data-ready]")
    return _shot(tab, tab.locator("#runs"), out)


def _of_claims(tab: Any, out: Path) -> Path:
    paper = tab.locator("#claims details").filter(has_text=PAPER)
    paper.locator("summary").click()
    return _shot(tab, tab.locator("#claims"), out)


def _shot(tab: Any, first: Any, out: Path) -> Path:
    """What the window shows from an element on."""
    first.evaluate("element => scrollTo(0, element.getBoundingClientRect().top + scrollY - 16)")
    tab.wait_for_timeout(500)  # until a curve is drawn at its place
    tab.screenshot(path=out)
    return out


if __name__ == "__main__":
    with browser() as started:
        for picture in draw(started):
            print(picture)
