"""The page in a headless Chromium: it draws, sorts, filters, and is fit for phones and readers."""

from pathlib import Path

import numpy as np
import psutil
import pytest
from docs import report_pictures
from PIL import Image

from apical import BP, DFA, FA
from apical.page import write
from apical.page.gallery import AUDIT
from tests.page import made

AXE = Path(__file__).parent / "vendored" / "axe.min.js"
MOST_SECONDS = 2.0
"""Of the processor, to open 200 runs: a clock would measure what else the machine does too."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(report_pictures.CHROMIUM is None, reason="no chromium is installed"),
]


@pytest.fixture(scope="module")
def browser():
    with report_pictures.browser() as started:
        yield started


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    made.comparison(folder / "compared")
    made.reproduction(folder / "itd")
    made.attack(folder / "attacked")
    made.run(folder / "runs" / "<script>alert(1)<-script>", DFA(), seeds=2, epochs=30)
    pixels = np.zeros((40, 40), np.uint8)
    Image.fromarray(pixels).save(folder / "runs" / "samples.png")
    asked = [folder / name for name in ("compared", "itd", "attacked", "runs")]
    return write([*asked, AUDIT], folder / "page.html")


@pytest.fixture
def opened(browser, page):
    """Opens the page at a width and in a theme; fails for any error that the console tells."""
    told: list[str] = []
    contexts = []

    def go(width=1280, theme="light", path=page):
        context = browser.new_context(
            viewport={"width": width, "height": 844}, color_scheme=theme, bypass_csp=True
        )
        context.set_default_timeout(120_000)
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda m: told.append(m.text) if m.type == "error" else None)
        tab.on("pageerror", lambda error: told.append(str(error)))
        tab.goto(path.as_uri())
        return tab

    yield go
    for context in contexts:
        context.close()
    assert told == []


def column(tab, number):
    """The texts of a column, of the rows that are shown."""
    rows = "#table tbody tr:not([hidden])"
    return tab.eval_on_selector_all(
        rows, f"rows => rows.map(row => row.cells[{number}].textContent)"
    )


def test_the_table_sorts_and_filters(opened):
    tab = opened()
    assert column(tab, 0) == ["bp", "fa", "vbp", "dfa"]
    tab.click("#table thead button >> nth=4")
    assert column(tab, 4) == ["4", "4", "4", "30"]
    tab.click("#table thead button >> nth=4")
    assert column(tab, 4) == ["30", "4", "4", "4"]
    assert tab.get_attribute("#table thead th >> nth=4", "aria-sort") == "descending"
    tab.fill("#filter", "bp itd")
    assert column(tab, 0) == ["vbp"]
    assert tab.text_content("#count") == "1 of 4 rows"
    assert tab.locator("#chart .legend button").count() == 1


def inked(tab):
    """How many pixels of the curves' canvas are not empty."""
    return tab.evaluate(
        """() => {
            const canvas = document.querySelector("#chart canvas");
            const { width, height } = canvas;
            const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
            return data.filter((value, i) => i % 4 === 3 && value > 0).length;
        }"""
    )


def test_curves_respond(opened):
    tab = opened()
    tab.wait_for_selector("#chart [data-ready]")
    tab.wait_for_timeout(200)
    before = inked(tab)
    assert before > 0
    for button in tab.locator("#chart .legend button").all():
        button.click()
        assert button.get_attribute("aria-pressed") == "false"
    tab.wait_for_timeout(200)
    without = inked(tab)
    assert without < before
    tab.locator("#chart .legend button").first.click()
    tab.wait_for_timeout(200)
    assert inked(tab) > without
    tab.check("#log-y")
    tab.check("#log-x")
    tab.locator("#chart .plot").focus()
    tab.keyboard.press("ArrowRight")
    assert "epoch 2" in tab.text_content("#chart .readout")
    assert "bp" in tab.text_content("#chart .readout")
    tab.locator("#chart .plot").hover(position={"x": 600, "y": 150})
    assert any(tab.locator("#chart .value").all_text_contents())


def test_alignment_is_a_map_by_layer_and_epoch(opened):
    tab = opened()
    tab.fill("#filter", "dfa")
    assert tab.locator("#heat svg").count() == 1
    assert tab.locator("#heat rect").count() == 2 * 31
    assert "layer 1, epoch 30" in " ".join(tab.locator("#heat title").all_text_contents())
    assert tab.locator("#heat figcaption").inner_text().startswith("dfa")


def test_attacks_are_drawn(opened):
    tab = opened()
    tab.wait_for_selector("#attack-chart [data-ready]")
    assert "pgd" in tab.text_content("#attack-chart .legend")


def test_the_button_changes_the_theme(opened):
    tab = opened(theme="dark")
    background = "() => getComputedStyle(document.body).backgroundColor"
    dark = tab.evaluate(background)
    tab.click("#theme")
    assert tab.evaluate(background) == "rgb(255, 255, 255)" != dark


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(opened, width):
    tab = opened(width)
    tab.evaluate("() => document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_axe_finds_nothing_serious(opened, width, theme):
    tab = opened(width, theme)
    tab.evaluate("() => document.querySelectorAll('details').forEach(each => { each.open = true })")
    tab.add_script_tag(path=AXE)
    found = tab.evaluate("() => axe.run()")["violations"]
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    assert not [(each["id"], [n["html"][:200] for n in each["nodes"][:3]]) for each in serious]


def spent() -> float:
    """Seconds of the processor that the browser's processes have taken."""
    children = psutil.Process().children(recursive=True)
    return sum(sum(child.cpu_times()[:2]) for child in children)


def test_two_hundred_runs_open_at_once(opened, tmp_path):
    for name, rule in (("fa", FA()), ("bp", BP())):
        one = made.run(tmp_path / "runs" / name, rule, epochs=100)
        texts = {path.name: path.read_text() for path in one.iterdir()}
        for i in range(99):
            folder = tmp_path / "runs" / f"{name}-{i}"
            folder.mkdir()
            for file, text in texts.items():
                (folder / file).write_text(text)
    page = write([tmp_path / "runs"], tmp_path / "page.html")
    opened().evaluate("1")
    before = spent()
    tab = opened(path=page)
    tab.wait_for_selector("#chart [data-ready]")
    assert spent() - before < MOST_SECONDS
    assert tab.locator("#table tbody tr").count() == 200


def test_the_pictures_of_the_readme_are_drawn_by_their_script(browser, tmp_path):
    for path in report_pictures.draw(browser, tmp_path):
        ours, committed = Image.open(path), Image.open(report_pictures.DOCS / path.name)
        assert ours.size == committed.size
        assert ours.convert("L").entropy() > 1  # it is not empty
