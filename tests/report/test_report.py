"""Statistics against textbook values; figures that are really drawn."""

import json
import math
import os
import re
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from apical import BP, DTP, FA, AssociativeSTDP, UsageError, WriteError, fit
from apical.report.axes import THIN, band, caption, points
from apical.report.curves import draw
from apical.report.labels import rule_labels, run_labels
from apical.report.style import PALETTE, REFERENCE, colours
from apical.rules.associative_stdp import Corrected, OneVsRest
from apical.runs.reading import RunData
from apical.runs.statistics import half_width, paired_difference, proportion_interval


def test_the_interval_is_students():
    # Mean 2, standard deviation 1, n = 3: t(0.975, 2) = 4.3027.
    assert half_width([1.0, 2.0, 3.0]) == pytest.approx(4.30265 / math.sqrt(3), rel=1e-5)
    assert half_width([1.0, 2.0, 3.0], level=0.9) == pytest.approx(2.91999 / math.sqrt(3), rel=1e-5)
    assert math.isnan(half_width([1.0]))
    assert math.isnan(half_width([1.0, math.nan, 2.0]))


def test_differences_are_paired():
    mean, half = paired_difference([0.9, 0.8, 0.7], [0.8, 0.7, 0.6])
    assert mean == pytest.approx(0.1)
    assert half == pytest.approx(0, abs=1e-12)
    assert paired_difference([1.0, 3.0], [0.0, 1.0])[0] == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("successes", "trials", "interval"),
    # Newcombe 1998, table I, method 3.
    [(81, 263, (0.2553, 0.3662)), (15, 148, (0.0624, 0.1605)), (0, 20, (0.0, 0.1611)),
     (29, 29, (0.8830, 1.0)), (0, 0, (0.0, 1.0))],
)  # fmt: skip
def test_the_interval_of_a_proportion_is_wilsons(successes, trials, interval):
    assert proportion_interval(successes, trials) == pytest.approx(interval, abs=1e-4)


def test_a_rule_keeps_its_colour_and_no_two_share_one():
    few, many = colours(["fa", "mine"]), colours(["bp", "dfa", "fa", "itd", "x", "mine"])
    assert few["fa"] == many["fa"]
    assert len(set(many.values())) == len(many)
    assert many["bp"] == REFERENCE not in PALETTE
    assert len(set(colours([f"rule-{i}" for i in range(len(PALETTE))]).values())) == len(PALETTE)


def test_a_single_seed_is_drawn_unlike_a_mean_and_the_caption_says_so():
    figure, (one, three) = plt.subplots(1, 2)
    epochs = np.arange(4)
    band(one, epochs, np.ones((1, 4)), color="black")
    band(three, epochs, np.random.default_rng(0).normal(size=(3, 4)), color="black")
    assert one.lines[0].get_linewidth() == THIN < three.lines[0].get_linewidth()
    assert (len(one.collections), len(three.collections)) == (0, 1)
    caption(figure, "quick", seeds=[1, 3], epochs=[5, 60, 5], of=500, note="Own words.")
    told = " ".join(figure.get_supxlabel().split())
    assert "5 or 60 of the paper's 500 epochs" in told
    assert "means of 3 seeds; bands: 95 % t intervals. Thin lines: single seeds. Own" in told
    plt.close(figure)


def test_a_single_seed_is_thin_whatever_the_width_of_means():
    figure, axis = plt.subplots()
    band(axis, np.arange(2), np.ones((1, 2)), color="black", linewidth=2)
    plt.close(figure)
    assert [line.get_linewidth() for line in axis.lines] == [THIN]


@pytest.mark.parametrize("across", [False, True])
def test_few_seeds_are_open_points_and_more_are_a_mean_with_its_bar(across):
    figure, axis = plt.subplots()
    points(axis, 5, [1, 3], across=across, color="red")
    points(axis, 5, [1, 2, 3], across=across, color="red")
    plt.close(figure)
    few, mean = axis.lines[0], axis.lines[1]
    placed = [(line.get_xdata(), line.get_ydata()) for line in (few, mean)]
    at, values = zip(*[pair[::-1] if across else pair for pair in placed], strict=True)
    assert [np.ravel(places).tolist() for places in at] == [[5, 5], [5]]
    assert [np.ravel(found).tolist() for found in values] == [[1, 3], [2]]
    assert (few.get_markerfacecolor(), mean.get_markerfacecolor()) == ("white", "red")
    (bar,) = axis.collections[0].get_paths()
    low, high = np.asarray(bar.vertices)
    assert (high - low).max() == pytest.approx(2 * half_width([1, 2, 3]))


@pytest.fixture
def runs(blobs, tmp_path):
    for rule in (BP(), FA()):
        fit(rule, blobs, hidden=(8, 8), epochs=2, batch_size=30, seeds=2, out=tmp_path / rule.name)
    return [RunData.read(tmp_path / name) for name in ("bp", "fa")]


def test_curves_are_drawn_from_runs_alone(runs, tmp_path):
    for name in ("curves.png", "curves.svg"):
        path = draw(runs, tmp_path / "figures" / name)
        assert path.stat().st_size > 10_000
    assert np.asarray(Image.open(tmp_path / "figures" / "curves.png").convert("L")).std() > 10
    svg = (tmp_path / "figures" / "curves.svg").read_text()
    for word in ("validation error (%)", "cosine of hidden update", "hidden layer 2", ">fa<"):
        assert word in svg


def test_there_is_no_panel_for_a_quantity_that_no_run_has(blobs, runs, tmp_path):
    dtp, deep = tmp_path / "dtp", tmp_path / "deep"
    for out, hidden in ((dtp, (8,)), (deep, (8, 6))):
        fit(DTP(), blobs, hidden=hidden, epochs=2, batch_size=30, out=out)
    for shown, panels in (
        ([RunData.read(dtp)], {"error (%)", "loss", "cosine"}),
        ([RunData.read(deep)], {"error (%)", "loss", "cosine", "largest eigenvalue"}),
        ([RunData.read(dtp), *runs], {"error (%)", "loss", "cosine", "angle of feedback"}),
        ([replace(runs[0], rows=[{**row, "alignment": None} for row in runs[0].rows], initial=[])],
         {"error (%)", "loss"}),
    ):  # fmt: skip
        svg = draw(shown, tmp_path / "curves.svg").read_text()
        assert svg.count('<g id="axes_') == len(panels)
        assert all(re.search(f">[^<]*{re.escape(word)}", svg) for word in panels)


def test_curves_are_those_of_the_test_split_where_every_run_has_them(blobs, runs, tmp_path):
    told = fit(BP(), blobs, epochs=1, batch_size=30, record_test=True, out=tmp_path / "told")
    assert told.summary["status"] == "finished"
    seen = RunData.read(tmp_path / "told")
    for shown, label in (([seen], "test error"), ([seen, *runs], "validation error")):
        figure = draw(shown, tmp_path / "curves.svg").read_text()
        assert f"{label} (%)" in figure
        assert "Training loss: the running one" in figure


def test_curves_that_cannot_be_drawn_are_named(runs, tmp_path):
    with pytest.raises(UsageError, match="cannot write"):
        draw(runs, tmp_path / "figure.docx")
    with pytest.raises(UsageError, match="no ending that says the format"):
        draw(runs, tmp_path / "figure")
    (runs[0].path / "metrics.jsonl").unlink()
    with pytest.raises(UsageError, match="no finished epoch"):
        draw([RunData.read(runs[0].path)], tmp_path / "x.png")
    (runs[1].path / "config.json").write_text("{")
    with pytest.raises(UsageError, match=r"config\.json: expected JSON"):
        RunData.read(runs[1].path)


def test_a_label_is_not_pushed_from_its_colour_by_another():
    """Whatever comes before it, of which some would have the same colour."""
    for label in ("fa", "mine", "dtp"):
        own = colours([label])[label]
        others = [f"rule-{i}" for i in range(40)]
        apart = [name for name in others if colours([name])[name] != own]
        same = [name for name in others if name not in apart]
        assert colours([*apart, label])[label] == own
        assert colours([label, *same])[label] == own
        assert colours([same[0], label])[label] != own


def test_a_figure_for_which_there_is_no_room_leaves_the_earlier_one(runs, small_disk):
    path = draw(runs, small_disk / "curves.svg")
    earlier = path.read_bytes()
    free = os.statvfs(small_disk)
    (small_disk / "rest").write_bytes(bytes(free.f_bavail * free.f_frsize))
    with pytest.raises(WriteError, match=r"curves\.svg: cannot be written \(No space left"):
        draw(runs, path)
    assert path.read_bytes() == earlier
    assert sorted(p.name for p in small_disk.iterdir()) == ["curves.svg", "rest"]


def test_a_figure_drawn_again_is_the_same_file(runs, tmp_path):
    for ending in ("png", "svg"):
        once, again = (draw(runs, tmp_path / f"{name}.{ending}") for name in ("a", "b"))
        assert once.read_bytes() == again.read_bytes()


def test_a_torn_last_line_is_left_out_of_an_unfinished_run_alone(runs):
    path = runs[0].path / "metrics.jsonl"
    whole = path.read_text()
    path.write_text(whole + json.dumps({"seed": 1, "epoch": 3})[:-4])
    with pytest.raises(UsageError, match=r"metrics\.jsonl, line 5: .*restore the file"):
        RunData.read(runs[0].path)
    (runs[0].path / "summary.json").unlink()
    assert RunData.read(runs[0].path).rows == [json.loads(line) for line in whole.splitlines()]


@pytest.mark.parametrize("junk", [b'{"seed": 0, "ep', b"\xff\xfe", b"[1]", b""], ids=repr)
def test_any_other_damaged_line_is_named_whether_or_not_the_run_ended(runs, junk):
    path = runs[0].path / "metrics.jsonl"
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([lines[0], junk, *lines[2:]]) + b"\n")
    for _ in range(2):
        with pytest.raises(UsageError, match=r"metrics\.jsonl, line 2: expected a JSON object"):
            RunData.read(runs[0].path)
        (runs[0].path / "summary.json").unlink(missing_ok=True)


@pytest.mark.parametrize("odd", [[], [0.5], [[0.5], 0.5], {"0": 0.5}, 0.5], ids=repr)
@pytest.mark.parametrize("file", ["initial.jsonl", "metrics.jsonl"])
def test_a_line_with_lists_in_other_places_is_named(runs, file, odd):
    path = runs[0].path / file
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(lines[0]["alignment"]["cosine"]) == 3
    lines[0]["alignment"]["cosine"] = odd
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(UsageError, match=rf"{file}, line 1: expected lists where the last"):
        RunData.read(runs[0].path)


def test_a_run_that_has_measured_nothing_yet_is_drawn_beside_others(runs, tmp_path):
    begun = replace(runs[0], rows=[], initial=[])
    assert draw([begun, runs[1]], tmp_path / "curves.png").exists()


def test_rules_are_told_apart_by_what_differs_and_no_more():
    wide, narrow = (AssociativeSTDP(Corrected(eps=e), OneVsRest(0.5)) for e in (1e-2, 1e-3))
    assert rule_labels([BP(), wide]) == ["bp", "associative-stdp"]
    assert rule_labels([wide, narrow]) == [
        "associative-stdp curve=corrected:0.01",
        "associative-stdp curve=corrected:0.001",
    ]
    assert rule_labels([wide, AssociativeSTDP(Corrected(eps=1e-2))]) == [
        "associative-stdp signs=one-vs-rest:0.5",
        "associative-stdp signs=two-classes",
    ]


def test_runs_of_one_rule_are_told_apart_by_settings_or_by_folder(runs, tmp_path):
    def changed(folder, **settings):
        config = {**runs[1].config, "settings": {**runs[1].config["settings"], **settings}}
        return replace(runs[1], path=tmp_path / folder, config=config)

    fast = changed("fast", lr=0.1)
    assert run_labels([*runs, fast]) == ["bp", "fa lr=0.001", "fa lr=0.1"]
    svg = draw([runs[1], fast], tmp_path / "two.svg").read_text()
    assert ">fa lr=0.1<" in svg
    drawn = {colour for colour in PALETTE if colour.lower() in svg.lower()}
    assert colours(["fa"])["fa"] in drawn
    assert len(drawn) == 2
    again = changed("again")
    assert run_labels([runs[1], again]) == [f"fa folder={r.path}" for r in (runs[1], again)]
