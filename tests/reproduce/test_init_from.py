"""Experiments whose networks begin with the encoders of another experiment's runs."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from apical import BP, Settings, TargetAutoencoder, UsageError
from apical.jobs.processes import Processes
from apical.networks.activations import sigmoid
from apical.networks.layers import Fc
from apical.reproduce import paper, reproduction
from apical.reproduce.experiment import Experiment, GenerativeExperiment, Run, arranged
from apical.reproduce.reproduction import Reproduction
from apical.settings import Unsupervised

SHORT: dict[str, Any] = {"epochs": 1, "steps_per_epoch": 2, "batch_size": 50}
CODER = GenerativeExperiment("coder", TargetAutoencoder(6), Unsupervised(**SHORT), data="digits")
NETWORK = Settings(hidden=(Fc(6),), activation=sigmoid, **SHORT)
BEGUN = Experiment("begun", BP(), NETWORK, "coder", data="digits")
DRAWN = Experiment("begun", BP(), NETWORK, data="digits")
PAPER = "difference-target-propagation"


def runs(experiment, root: Path) -> list[Run]:
    return [Run(experiment, s, root / experiment.name / f"seed-{s}") for s in (3, 4)]


@pytest.mark.parametrize("together", [False, True])
def test_each_seed_begins_with_the_encoder_of_the_same_seed(tmp_path, together):
    for experiment in (CODER, BEGUN):
        for job in arranged(runs(experiment, tmp_path), together):
            assert not job.finished()
            job.execute()
            assert job.finished()
    for seed in (3, 4):
        config = json.loads((tmp_path / f"begun/seed-{seed}/config.json").read_text())
        (told,) = config["init_from"].values()
        assert (told["run"], told["seed"]) == (str(tmp_path / f"coder/seed-{seed}"), seed)


def test_a_network_that_was_drawn_is_another_run(tmp_path):
    for drawn, begun in zip(runs(DRAWN, tmp_path), runs(BEGUN, tmp_path), strict=True):
        drawn.execute()
        with pytest.raises(UsageError, match="holds another run than begun seed"):
            begun.finished()
        assert drawn.finished()


def test_a_network_that_began_with_another_encoder_is_another_run(tmp_path):
    for experiment in (CODER, BEGUN):
        runs(experiment, tmp_path)[0].execute()
    other = dataclasses.replace(BEGUN, init_from="other-coder")
    with pytest.raises(UsageError, match="holds another run than begun seed"):
        runs(other, tmp_path)[0].finished()


def test_runs_come_after_those_that_they_begin_from(tmp_path, monkeypatch):
    rounds = []

    def execute(jobs, workers, report, until):
        rounds.append([job.label for job in jobs])
        return []

    monkeypatch.setattr(reproduction, "execute", execute)
    asked = Reproduction(paper.read(PAPER), "smoke", tmp_path, only=("autoencoder",))
    for together in (False, True):
        rounds.clear()
        asked.carry_out(asked.arranged(asked.missing(), together=together), Processes(1), print)
        assert rounds == [["autoencoder seed 0"], ["from-autoencoder seed 0"]]
