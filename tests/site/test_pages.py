"""The built site has a page for every rule and every public name, and its links are sound."""

import doctest
import json
import re
from importlib import import_module
from pathlib import Path

import pytest
from docs.site import links, tutorials

import apical
from apical import measurements
from apical.reproduce import paper
from apical.rules import RULES

ROOT = Path(__file__).parents[2]
SITE, METRICS = ROOT / "site", ROOT / "docs" / "site" / "pages" / "metrics.md"

pytestmark = pytest.mark.site


def text(page: str) -> str:
    return (SITE / page).read_text()


def test_no_link_is_broken():
    assert links.broken(SITE) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_has_a_page_which_others_lead_to(rule):
    page = text(f"rules/{rule.name}.html")
    for heading in ("claims", "recipe", "figures", "cost-beside-backpropagation"):
        assert f'id="{heading}"' in page
    assert f'/{rule.name}.html"' in text("index.html")


def test_costs_are_of_every_rule():
    """`python -m docs.site.costs` writes them."""
    known = json.loads((ROOT / "docs" / "site" / "costs.json").read_text())["rules"]
    assert {*known} == {rule.name for rule in RULES}


def test_every_public_name_is_told_of():
    written = "".join(page.read_text() for page in (SITE / "reference").glob("*.html"))
    elsewhere = {rule.__name__ for rule in RULES} | {"RULES"}
    told = {name for name in apical.__all__ if f" apical.{name}\n" in written}
    assert {*apical.__all__} - told - elsewhere == set()


def named(row, before=""):
    """The names of a row's numbers, as the page of metrics has them."""
    for name, value in row.items():
        if isinstance(value, dict) and not {"mean", "list"} & {*value}:
            if name != "best_validation":
                yield from named(value, f"{before}{name}.")
        else:
            yield re.sub(r"_\d+$", "", before + name)


def explained():
    """The names of the page of metrics."""
    return {re.sub(r"_[kl]$", "", name) for name in re.findall(r"`([\w.]+)`", METRICS.read_text())}


def test_every_metric_of_the_recorded_runs_is_explained():
    found = set()
    for each in map(paper.read, paper.names()):
        for run in each.records.names():
            files = each.records.files(run)
            rows = (*files.get("metrics.jsonl", ())[:1], files.get("summary.json", {}))
            found |= {name for row in rows for name in named(row)}
    assert len(found) > 20
    assert found - explained() == set()


def test_what_is_measured_on_request_is_explained():
    kinds = [getattr(measurements, name) for name in measurements.__all__]
    asked = [kind() for kind in kinds if kind is not measurements.Measurement]
    result = apical.fit("bp", "digits", hidden=(8,), epochs=1, diagnose=asked)
    found = set(named(result.metrics[-1]))
    assert {each.recorded for each in asked} <= {name.partition(".")[0] for name in found}
    assert found - explained() == set()


@pytest.mark.parametrize("name", ["examples", "markdown"])
def test_examples_of_the_builder_run(name):
    failed, tried = doctest.testmod(import_module(f"docs.site.{name}"))
    assert tried
    assert not failed


def test_tutorials_show_what_they_printed():
    for page in tutorials.PAGES.glob("*.md"):
        assert "prints" in text(f"tutorials/{page.stem}.html")


BROKEN = {
    '<a href="gone.html">': "no such file",
    '<a href="other.html#gone">': "no such place on that page",
    '<img src="gone.png">': "no such file",
    '<script src="https://example.org/a.js"></script>': "needs a network",
    '<link rel="stylesheet" href="https://example.org/a.css">': "needs a network",
}


@pytest.mark.parametrize("html", BROKEN)
def test_a_broken_link_is_seen(html, tmp_path):
    sound = '<a href="https://example.org"><a href="#here"><a href="index.html#there">'
    (tmp_path / "other.html").write_text(f'<p id="here">{sound}')
    (tmp_path / "index.html").write_text('<p id="there">')
    assert links.broken(tmp_path) == []
    (tmp_path / "index.html").write_text('<p id="there">' + html)
    (found,) = links.broken(tmp_path)
    assert found.startswith(f"index.html: {BROKEN[html]}: ")
