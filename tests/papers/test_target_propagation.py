"""The settings and the table of the target propagation study."""

import csv
import json
from dataclasses import replace

import jax
import pytest

from apical.data.augmentation import CropFlip, Unchanged
from apical.feedback import USF, Regenerated
from apical.networks.activations import tanh
from apical.networks.layers import Conv, Fc, Lc
from apical.papers.target_propagation import searched
from apical.papers.target_propagation.budget import RATES
from apical.papers.target_propagation.draws import by_budget
from apical.papers.target_propagation.experiments import ON_IMAGENET, experiments
from apical.papers.target_propagation.figures import COLUMNS
from apical.papers.target_propagation.imagenet import figure_3, table_2
from apical.papers.target_propagation.methods import (
    DAMPED,
    FOLDER,
    LETTER,
    METHODS,
    NARROW,
    configured,
    published,
    unsearched,
)
from apical.papers.target_propagation.tables import table_1
from apical.reproduce import paper
from apical.reproduce.evidence import Evidence
from apical.rules import AOSDTP, DFA, DTP, FA, SDTP
from apical.rules.target_propagation.inverses import Averaged, Summed
from apical.runs.folder import RunFolder
from apical.settings import Settings
from apical.settings.schedules import Constant, LinearDecay
from apical.settings.turns import ByEpoch
from apical.training.build import build
from apical.values.spelling import decode, encode

with (FOLDER / "table-5.csv").open() as file:
    TABLE_5 = list(csv.DictReader(file))


@pytest.mark.parametrize("row", TABLE_5, ids=lambda row: f"{row['cell']}-{row['method']}")
def test_published_settings_are_table_5s(row):
    name = row["method"]
    rule, settings = published(row["cell"], name if name in METHODS else f"{name}-summed")
    assert settings.lr == float(row["lr"])
    assert settings.optimizer_args == {k: float(row[k]) for k in ("b1", "b2", "eps")}
    assert settings.schedule == Constant()
    if isinstance(rule, DTP | SDTP):
        assert rule.inverse.sigma == float(row["sigma"])
        assert settings.learned_lr == float(row["learned_lr"])
        learned = {k: float(row[f"learned_{k}"]) for k in ("b1", "b2", "eps")}
        assert settings.learned_optimizer_args == learned
        assert settings.alternate == (ByEpoch() if "alternating" in row["method"] else None)
    if isinstance(rule, DTP):
        assert rule.alpha == float(row["alpha"])


def test_to_the_letter_is_the_whole_step_through_the_hidden_activation():
    for choose in (configured, published):
        for method in LETTER | NARROW:
            rule, settings = choose("mnist-fc", method)
            assert isinstance(rule, SDTP | AOSDTP)
            assert (rule.step, rule.output_inverse) == (1.0, tanh)
            assert isinstance(rule.local, Averaged if "averaged" in method else Summed)
            assert settings.alternate == (ByEpoch() if "alternating" in method else None)


FOUND = [("mnist-fc", method) for method in searched.methods("mnist-fc")]


@pytest.mark.parametrize(("setup", "method"), FOUND)
def test_a_searched_cell_runs_with_all_that_was_found(setup, method):
    stored = searched.winner(setup, method)
    assert stored is not None
    rule, settings = configured(setup, method)
    assert rule == decode(stored["rule"])
    found = Settings.from_json(stored["settings"])
    for name in ("lr", "optimizer_args", "learned_lr", "learned_optimizer_args", "schedule"):
        assert getattr(settings, name) == getattr(found, name), name
    assert settings.alternate == (ByEpoch() if "alternating" in method else None)


def test_the_papers_protocol_has_the_papers_settings_and_epochs():
    for experiment in experiments("paper"):
        assert experiment.settings.epochs == 500, experiment.name
        assert experiment.settings.schedule == Constant(), experiment.name
    found = {e.name: e for e in experiments("paper")}
    letter = found["mnist-fc-sdtp-alternating-averaged"]
    assert letter.rule == published("mnist-fc", "sdtp-alternating-averaged")[0]
    assert not any("damped" in name for name in found)


@pytest.mark.parametrize("protocol", ["paper", "quick"])
def test_what_is_not_named_damped_is_the_papers_rule(protocol):
    """The whole step and the hidden activation's inverse of the output, and the form it names."""
    for experiment in experiments(protocol):
        rule = experiment.rule
        if isinstance(rule, SDTP | AOSDTP):
            assert ("damped" in experiment.name) == (
                (rule.step, rule.output_inverse) != (1.0, tanh)
            )
            averaged = "averaged" in experiment.name
            assert isinstance(rule.local, Averaged if averaged else Summed), experiment.name


def test_no_claim_of_the_paper_rests_on_a_damped_variant():
    for claim in paper.read("target-propagation").claims:
        assert not any("damped" in name for name in claim.judgement.experiments), claim.id


def test_panels_of_the_paper_show_no_variant_of_ours():
    for title, methods in COLUMNS.items():
        assert all((m in DAMPED) == title.startswith("ours") for m in methods), title
    shown = [method for methods in COLUMNS.values() for method in methods]
    assert sorted(shown) == sorted(METHODS | DAMPED)


def test_draws_of_other_budgets_share_no_panel():
    panels = by_budget()
    assert sorted(m for methods in panels.values() for m in methods) == sorted(
        searched.methods("mnist-fc")
    )
    for (epochs, draws), methods in panels.items():
        for method in methods:
            assert len(searched.trials("mnist-fc", method)) == draws
            best = searched.winner("mnist-fc", method, searched.DRAWS)
            assert best is not None
            assert best["settings"]["epochs"] == epochs


def test_figure_4_varies_the_features_alone():
    found = {e.name: e for e in experiments("quick") if e.name.startswith("features-")}
    without = found.pop("features-0-damped")
    assert isinstance(without.rule, SDTP)
    shared = vars(without.rule)
    for name, experiment in found.items():
        assert isinstance(experiment.rule, AOSDTP)
        features = int(name.removeprefix("features-").removesuffix("-damped"))
        assert vars(experiment.rule) == {**shared, "features": features}
        assert experiment.settings == without.settings


def test_ao_sdtp_has_what_sdtp_has_until_it_is_searched(tmp_path, monkeypatch):
    monkeypatch.setattr(searched, "FOLDER", tmp_path)
    for setup in ("mnist-fc", "cifar-lc"):
        like, settings = configured(setup, "sdtp-parallel-damped")
        assert (like, settings) == published(setup, "sdtp-parallel-damped")
        rule, its_own = configured(setup, "ao-sdtp-parallel-damped")
        assert isinstance(rule, AOSDTP)
        assert isinstance(like, SDTP)
        assert its_own == settings
        assert (rule.step, rule.inverse) == (like.step, like.inverse)


def test_a_search_on_the_fully_connected_network_serves_the_locally_connected_one(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(searched, "FOLDER", tmp_path)
    before = configured("mnist-lc", "fa")
    assert before == published("mnist-lc", "fa")
    for setup, lr in (("mnist-fc", 0.5), ("mnist-lc", 0.25)):
        settings = replace(published("mnist-fc", "fa")[1], lr=lr, schedule=LinearDecay())
        best = {"rule": encode(FA(USF())), "settings": settings.to_json()}
        searched.keep(setup, "fa", searched.FINAL, [], best)
        rule, found = configured("mnist-lc", "fa")
        assert rule == FA(USF())
        assert (found.lr, found.schedule) == (lr, LinearDecay())
        assert (found.hidden, found.batch_size) == (before[1].hidden, before[1].batch_size)
    assert configured("cifar-lc", "fa") == published("cifar-lc", "fa")
    assert configured("mnist-lc", "bp-conv")[1].lr == published("mnist-lc", "bp-conv")[1].lr


@pytest.mark.parametrize(
    ("setup", "hidden", "changed"),
    [("mnist-fc", (Fc(256),) * 5, Unchanged()), ("cifar-fc", (Fc(1024),) * 3, CropFlip(4))],
)
def test_fully_connected_networks_are_table_2s(setup, hidden, changed):
    settings = configured(setup, "bp")[1]
    assert (settings.hidden, settings.augmentation) == (hidden, changed)
    assert configured(setup.replace("fc", "lc"), "bp")[1].augmentation == changed


@pytest.mark.parametrize(
    ("setup", "windows"),
    [
        ("mnist-lc", [((3, 3), 32, 2), ((3, 3), 64, 2)]),
        ("cifar-lc", [((5, 5), 64, 2), ((5, 5), 128, 2), ((3, 3), 256, 1)]),
    ],
)
def test_local_networks_are_table_2s_with_weights_apart_or_shared(setup, windows):
    for method, kind in (("bp", Lc), ("bp-conv", Conv)):
        net = configured(setup, method)[1].hidden
        assert net == (*(kind(*window) for window in windows), Fc(1024))


def test_every_method_has_the_budget_and_the_schedule_of_the_others():
    """Of one network, under one protocol."""
    for setup in ("mnist-fc", "mnist-lc", "cifar-fc", "cifar-lc"):
        methods = METHODS | DAMPED
        cells = [e for e in experiments("quick") if e.name.removeprefix(f"{setup}-") in methods]
        assert len({(e.settings.epochs, e.most_seeds, e.settings.batch_size) for e in cells}) == 1


def test_table_1_shows_best_and_last_by_test_and_by_validation(tmp_path):
    rule, settings = published("mnist-fc", "bp")
    run = RunFolder(tmp_path / "mnist-fc-bp" / "seed-0")
    run.path.mkdir(parents=True)
    data = {"name": "mnist", "classes": []}
    asked = {"rule": encode(rule), "data": data, "settings": settings.to_json(), "seeds": 1}
    (run.path / "config.json").write_text(json.dumps(asked | {"seed": 0}))
    timed = {"seed": 0, "seconds": 1.0, "seconds_measuring": 0.1}
    for epoch, test in enumerate((0.90, 0.98, 0.95), 1):
        run.append("metrics.jsonl", timed | {"epoch": epoch, "test_accuracy": test})
    best = {"test_accuracy": {"list": [0.94]}}
    summary = {"status": "finished", "train_accuracy": {"list": [0.99]}, "best_validation": best}
    (run.path / "summary.json").write_text(json.dumps(summary))
    found = [line for line in table_1(Evidence(tmp_path)).splitlines() if "| bp |" in line]
    row = found[0]
    searched = "48 x 6, best 3 again"
    assert row == f"| mnist-fc | bp | {searched} | 3 | 1 | 1.00 / .00 | 6.00 | 5.00 | 2.00 / 1.48 |"


def test_imagenets_network_is_table_3s_with_weights_apart_or_shared():
    """Seven windows of kernel, channels and stride, which leave 7 x 7 positions of 224 x 224."""
    windows = [
        ((9, 9), 48, 4), ((3, 3), 48, 2), ((5, 5), 96, 1), ((3, 3), 96, 2),
        ((3, 3), 192, 1), ((3, 3), 192, 2), ((3, 3), 384, 1),
    ]  # fmt: skip
    for method, kind in (("bp", Lc), ("bp-conv", Conv)):
        settings = configured("imagenet", method)[1]
        assert settings.hidden == tuple(kind(*window) for window in windows)
    narrow = configured("tiny-imagenet-part-third-width", "bp")[1]
    assert narrow.hidden == tuple(Lc(k, c // 3, s) for k, c, s in windows)
    net = jax.eval_shape(lambda: build(narrow, (64, 64, 3), 200, jax.random.key(0)))
    shapes = [layer.out_shape for layer in net.layers]
    assert [shape[0] for shape in shapes[:-1]] == [16, 8, 8, 4, 4, 2, 2]


def test_table_2_has_every_method_on_imagenet_and_on_parts_by_their_names():
    """In `paper` on ImageNet with Table 5's settings; in `quick` on parts, each named one."""
    of = {p: {e.name: e for e in experiments(p) if "imagen" in e.name} for p in ("quick", "paper")}
    assert {e.data for e in of["paper"].values()} == {"imagenet"}
    assert list(of["paper"]) == [f"imagenet-{m}" for m in ON_IMAGENET]
    for name, experiment in of["quick"].items():
        assert "-part" in name
        assert "-part-" in experiment.data
    shared = DFA(broadcast=Regenerated())
    assert of["paper"]["imagenet-dfa-regenerated"].rule == shared
    assert of["quick"]["imagenette-part-fa-conv"].settings.lr == published("imagenet", "fa")[1].lr


def test_rates_alone_are_searched_on_the_part_and_on_validation():
    part = "tiny-imagenet-part-third-width"
    for method in ("bp", "fa", "dfa-regenerated", "dtp-parallel", "sdtp-parallel-summed"):
        rule, settings, space = unsearched(part, method)
        its_rule, its_settings = published("imagenet", method)
        assert (rule, space, settings.record_test) == (its_rule, {}, False)
        assert settings.optimizer_args == its_settings.optimizer_args
        assert settings.learned_lr == its_settings.learned_lr
        chosen, placed = configured(part, method)
        assert chosen == its_rule
        trials = searched.trials(part, method)
        assert [trial.values for trial in trials] == [{"lr": rate} for rate in RATES.rates]
        best = max(trials, key=lambda trial: trial.score)
        assert placed.lr == best.values["lr"]


def _stored(root, name, rule, settings, **scores):
    """A finished run of one epoch with these test scores, where evidence looks for it."""
    run = RunFolder(root / name / "seed-0")
    run.path.mkdir(parents=True)
    asked = {"rule": encode(rule), "data": {"name": "mnist", "classes": []}, "seeds": 1, "seed": 0}
    (run.path / "config.json").write_text(json.dumps(asked | {"settings": settings.to_json()}))
    (run.path / "env.json").write_text(json.dumps({"commit": "0"}))
    row = {"seed": 0, "epoch": 1, "seconds": 1.0, "seconds_measuring": 0.1}
    run.append("metrics.jsonl", row | {f"test_{k}": v for k, v in scores.items()})
    summary: dict = {"status": "finished", "seeds": [0], "epochs": [1]}
    for split in ("train", "val", "test"):
        summary |= {f"{split}_{k}": {"mean": v, "list": [v]} for k, v in scores.items()}
    best = {f"{s}_{k}": {"list": [v]} for s in ("val", "test") for k, v in scores.items()}
    (run.path / "summary.json").write_text(json.dumps(summary | {"best_validation": best}))


def test_table_2_and_figure_3_tell_both_scores_and_the_papers_of_imagenet_alone(tmp_path):
    rule, settings = published("imagenet", "fa")
    runs = tmp_path / "quick"
    _stored(runs, "imagenet-fa", rule, settings, accuracy=0.07, top5_accuracy=0.18)
    part = "tiny-imagenet-part-third-width-dfa-regenerated"
    _stored(runs, part, DFA(broadcast=Regenerated()), settings, accuracy=0.1, top5_accuracy=0.2)
    _stored(runs, "imagenette-part-fa-conv", rule, settings, accuracy=0.3)
    evidence = Evidence(runs)
    table = table_2(evidence).splitlines()
    found = {tuple(cell.strip() for cell in row.split("|")[1:3]): row for row in table}
    errors = "| 93.00 / 82.00 " * 3
    fa = found["imagenet", "fa"]
    assert fa == f"| imagenet | fa | Table 5 | 1 | 1 {errors}| 93.08 / 82.54 |"
    apart = found["tiny-imagenet-part-third-width", "dfa-regenerated"]
    assert apart.endswith(" | 1 | 1 " + "| 90.00 / 80.00 " * 3 + "| - |")
    assert "| 70.00 | 70.00 | 70.00 | - |" in found["imagenette-part", "fa-conv"]
    assert found["imagenet", "bp"].endswith("| not run | 0 | - | - | - | 71.43 / 49.07 |")
    assert [path.name for path in figure_3(evidence, tmp_path)] == ["figure-3.png", "figure-3.svg"]
    scores = {row["experiment"]: row for row in evidence.summary()}
    assert scores["imagenet-fa"]["test_top5_accuracy"] == 0.18
    assert "test_top5_accuracy" not in scores["imagenette-part-fa-conv"]
