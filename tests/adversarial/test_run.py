"""Attacks on runs: which network meets which."""

import numpy as np
import pytest

from apical import BP, fit, load
from apical.adversarial.survey import survey, survey_run
from apical.adversarial.threat_model import Box, Epsilon
from apical.adversarial.victim import Victim
from apical.training.reload import reload
from apical.training.selection import Best, Last

EPS = (Epsilon("0.1"),)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs of two seeds on irises, at a rate so high that the best epoch is seldom the last."""
    root = tmp_path_factory.mktemp("runs")
    for name, epochs in (("run", 8), ("twin", 7)):
        fit(
            BP(), load("iris"), hidden=(4,), batch_size=30, lr=3.0, epochs=epochs, seeds=2,
            out=root / name,
        )  # fmt: skip
    return root / "run", root / "twin"


def led_by(runs, victim_seed, twin_seed, selection):
    """The examples that the transfer makes, from a survey of two networks alone."""
    (task, victims), (_, twins) = (reload(run, network=selection) for run in runs)
    box, data = Box.of(task.data), task.data.test
    victim, twin = (
        Victim(model.network, model.transform, box)
        for model in (victims[victim_seed], twins[twin_seed])
    )
    found = survey(victim, data.x, data.y, EPS, twin=twin, seed=victim_seed)
    return found.attacked["transfer", "0.1"].u


@pytest.mark.parametrize("selection", [Last(), Best()], ids=["last", "best"])
def test_the_twin_is_the_network_of_the_same_seed_and_selection(runs, selection):
    _, surveys = survey_run(runs[0], EPS, twin=runs[1], network=selection)
    made = {seed: s.attacked["transfer", "0.1"].u for seed, s in surveys.items()}
    for seed in (0, 1):
        np.testing.assert_array_equal(made[seed], led_by(runs, seed, seed, selection))
        assert (made[seed] != led_by(runs, seed, 1 - seed, selection)).any()


def test_last_and_best_are_other_networks_here(runs):
    for run in runs:
        (_, last), (_, best) = (reload(run, network=which) for which in (Last(), Best()))
        first = [[m[s].network.layers[0].weight for s in (0, 1)] for m in (last, best)]
        assert any((a != b).any() for a, b in zip(*first, strict=True))
