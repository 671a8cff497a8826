"""What is on a page, that nothing in it is taken for code, and that it stays small."""

import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from apical import BP, DFA, FA, FRSF, UsageError
from apical.cli.main import main
from apical.page import groups, write
from apical.page.gallery import AUDIT, of_paper
from apical.page.sources import find
from apical.page.tables import audit
from apical.page.write import _data, html
from apical.reproduce import paper
from apical.runs.folder import RunFolder
from apical.runs.statistics import half_width
from tests.page import made


class Reader(HTMLParser):
    """The tags of a page, the texts outside of its scripts and styles, and its data."""

    def __init__(self):
        super().__init__()
        self.tags, self.texts, self.within, self.data = [], [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.within = [tag, dict(attrs).get("id")]

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self.within = []

    def handle_data(self, data):
        if not self.within:
            self.texts.append(data)
        elif self.within[1] == "data":
            self.data += data


def read(page: Path) -> tuple[Reader, str, dict]:
    found = Reader()
    found.feed(page.read_text())
    return found, " ".join(" ".join(found.texts).split()), json.loads(found.data)


@pytest.fixture
def page(tmp_path):
    made.comparison(tmp_path / "compared")
    made.reproduction(tmp_path / "itd")
    made.attack(tmp_path / "attacked")
    made.run(tmp_path / "runs" / "<script>alert(1)</script>".replace("/", "-"), FA(), lr=0.5)
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "runs" / "samples.png")
    (tmp_path / "runs" / "broken.png").write_text("no image")
    asked = [tmp_path / name for name in ("compared", "itd", "attacked", "runs")]
    return write(asked, tmp_path / "page.html")


def test_it_has_a_row_for_each_run_and_one_for_the_seeds_of_an_experiment(page):
    _, text, data = read(page)
    assert [group["label"] for group in data["groups"]] == ["bp", "fa", "vbp", "fa"]
    mean, half = 100 * np.mean(made.SCORES), 100 * half_width(made.SCORES)
    assert f"{mean:.2f} ± {half:.2f} %" in text


def test_curves_are_means_with_intervals_over_seeds(page):
    _, _, data = read(page)
    group = data["groups"][0]
    epochs, mean, half = group["curves"][str(data["metrics"].index("validation error (%)"))]
    assert group["epochs"][epochs] == [1, 2, 3, 4]
    assert mean[-1] == pytest.approx(100 * (1 - np.mean(made.SCORES)), rel=1e-4)
    assert half[-1] == pytest.approx(100 * half_width(made.SCORES), rel=1e-4)
    cosine = group["curves"][str(data["metrics"].index("alignment, cosine, layer 1"))]
    assert group["epochs"][cosine[0]] == [0, 1, 2, 3, 4]


def test_two_seeds_have_no_interval(tmp_path):
    made.run(tmp_path / "two", BP(), seeds=2)
    _, _, data = read(write([tmp_path / "two"], tmp_path / "page.html"))
    assert all(curve[2] is None for curve in data["groups"][0]["curves"].values())


def test_it_has_comparison_claims_attacks_images_commands_and_environment(page):
    found, text, data = read(page)
    assert "fa is better than bp <b>by far</b>" in text
    assert "+1.00 ± 0.20 bp 0.012" in text
    badges = [a["data-verdict"] for tag, a in found.tags if tag == "span" and "data-verdict" in a]
    assert "not reproduced" in badges
    assert "0.9150 0.8000 ± 0.0100" in text
    (deviation,) = [a["title"] for tag, a in found.tags if tag == "abbr"]
    assert deviation in text
    (attacked,) = data["attacks"]
    assert attacked["lines"][0]["x"] == pytest.approx([0, 4 / 255, 8 / 255], abs=1e-6)
    assert attacked["lines"][0]["mean"] == pytest.approx([89, 49, 19])
    assert [a["src"][:22] for tag, a in found.tags if tag == "img"] == ["data:image/png;base64,"]
    assert "broken.png (no image)" in text
    assert "apical train fa --lr 0.5" in text
    assert "commit abc<i>" in text


def test_the_audit_is_the_committed_table(tmp_path):
    _, text, _ = read(write([AUDIT], tmp_path / "page.html"))
    assert "forward weights above" in text
    assert "ghost-ma" in text
    told = [
        row[1:-1] for row in re.findall(r"^\|.*\|$", AUDIT.with_suffix(".md").read_text(), re.M)
    ]
    ours = audit([AUDIT])
    assert ours is not None
    assert [" | ".join(row) for row in ours.rows] == [row.strip() for row in told[2:]]


def test_texts_of_runs_are_no_code(page):
    found, text, _ = read(page)
    assert "<script>alert(1)<-script>" in text + unescape(str(found.tags))
    assert len([tag for tag, _ in found.tags if tag == "script"]) == 3
    assert not [tag for tag, _ in found.tags if tag in ("b", "i")]
    assert "<script>alert" not in page.read_text()


def test_it_asks_for_nothing_from_elsewhere(page):
    found, _, _ = read(page)
    led = [a.get(key, "") for _, a in found.tags for key in ("src", "href")]
    assert all(not link or link[0] == "#" or link.startswith("data:") for link in led)
    (policy,) = [a["content"] for _, a in found.tags if "http-equiv" in a]
    assert policy.startswith("default-src 'none';")


def test_its_own_code_is_small(page):
    text = page.read_text()
    assert len(text) - len(read(page)[0].data) < 1.5e6


@pytest.mark.parametrize("rule", [BP(), FA(FRSF()), DFA()])
def test_the_command_makes_the_run_again(rule, tmp_path, capsys):
    from apical import fit

    first = tmp_path / "first"
    fit(rule, "iris", out=first, epochs=1, batch_size=10, hidden=(3,), lr=0.02, seed=4)
    (group,) = groups.groups_of(find(first))
    main([*group.commands[0].split()[1:], "--out", str(tmp_path / "again")])
    assert RunFolder(tmp_path / "again").config() == RunFolder(first).config()


def test_recorded_runs_are_rows_with_their_seeds_claims_and_figures(tmp_path):
    (source,) = of_paper(paper.read("difference-target-propagation"))
    assert source.told.startswith(f"{len(source.runs)} runs, 1 table of claims, ")
    page = tmp_path / "page.html"
    page.write_text(html([source]))
    _, text, data = read(page)
    names = {run.data.path.parent.name for run in source.runs}
    assert {group["label"] for group in data["groups"]} == names
    assert sum(group["n"] for group in data["groups"]) == len(source.runs)
    assert "apical reproduce difference-target-propagation --protocol quick" in text
    assert "table of claims" in text


def test_a_long_line_is_thinned_and_the_page_says_so(tmp_path):
    made.run(tmp_path / "long", BP(), seeds=1, epochs=groups.MOST_POINTS + 200)
    _, text, data = read(write([tmp_path / "long"], tmp_path / "page.html"))
    assert f"Lines of more than {groups.MOST_POINTS} points are thinned" in text
    lengths = [len(epochs) for epochs in data["groups"][0]["epochs"]]
    assert max(lengths) == groups.MOST_POINTS
    assert {e[-1] for e in data["groups"][0]["epochs"]} == {groups.MOST_POINTS + 200}


def test_the_numbers_of_two_hundred_long_runs_stay_below_eight_megabytes(tmp_path):
    made.run(tmp_path / "long", FA(), epochs=600)
    many = groups.groups_of(find(tmp_path / "long")) * 200
    points = groups.points_for(many)
    assert groups.LEAST_POINTS <= points < groups.MOST_POINTS
    assert len(json.dumps(_data(many, [], points), separators=(",", ":"))) < 8e6


def test_a_damaged_run_among_others_is_told_and_left_out(tmp_path):
    made.run(tmp_path / "runs" / "good", BP())
    bad = made.run(tmp_path / "runs" / "bad", FA())
    (bad / "config.json").write_text("{")
    _, text, data = read(write([tmp_path / "runs"], tmp_path / "page.html"))
    assert len(data["groups"]) == 1
    assert f"{bad / 'config.json'}: expected JSON" in text
    with pytest.raises(UsageError, match="expected JSON"):
        write([bad], tmp_path / "page.html")


@pytest.mark.parametrize("name", ["comparison.json", "claims.json", "attack.csv", "audit.json"])
def test_another_damaged_file_is_named(name, tmp_path):
    (tmp_path / name).write_text('[{"a": 1}]')
    with pytest.raises(UsageError, match=name):
        write([tmp_path], tmp_path / "page.html")


def test_what_cannot_be_shown_is_refused(tmp_path):
    with pytest.raises(UsageError, match="name at least one"):
        write([], tmp_path / "page.html")
    with pytest.raises(UsageError, match="nowhere: not found"):
        write([tmp_path / "nowhere"], tmp_path / "page.html")
    with pytest.raises(UsageError, match="found none of them"):
        write([tmp_path], tmp_path / "page.html")


def test_the_command(tmp_path, capsys):
    made.run(tmp_path / "runs" / "a", BP())
    main(["report", str(tmp_path / "runs"), "--out", str(tmp_path / "p.html")])
    assert "page: " in capsys.readouterr().out
    assert (tmp_path / "p.html").exists()


def test_the_plotting_library_lies_beside_its_licence_and_version():
    folder = Path(groups.__file__).parent / "vendored"
    assert json.loads((folder / "package.json").read_text())["version"] == "1.6.32"
    assert "MIT" in (folder / "LICENSE.uPlot").read_text()
