"""The settings of Lee et al. are those of their code."""

from dataclasses import replace

import pytest

from apical import TargetAutoencoder
from apical.generative.target_autoencoder import ReflectedCode
from apical.papers.difference_target_propagation.experiments import experiments
from apical.reproduce.experiment import Experiment, GenerativeExperiment
from apical.rules import DTP
from apical.rules.target_propagation.inverses import NoisePreserving

LR0 = {"continuous": 0.327736, "discrete": 27.9655, "stochastic": 58.4385}
"""Steps of the uppermost target in the authors' code, on the gradient of the batch's mean loss."""


RATES = {
    "continuous": (0.0148893, 5.01149e-3, 0.35983, 100),
    "discrete": (6.60055e-4, 4.32832e-4, 0.12, 500),
    "stochastic": (3.0874e-3, 2.71629e-6, 0.12, 1000),
}
"""Of the network, of the inverses; noise, epochs."""


@pytest.mark.parametrize("kind", RATES)
def test_rates_noise_and_epochs_are_those_of_the_code(kind):
    experiment = {e.name: e for e in experiments("paper")}[f"{kind}-dtp"]
    assert isinstance(experiment, Experiment)
    rule, settings = experiment.rule, experiment.settings
    assert isinstance(rule, DTP)
    assert isinstance(rule.inverse, NoisePreserving)
    found = (settings.lr, settings.learned_lr, rule.inverse.sigma, settings.epochs)
    assert found == RATES[kind]


@pytest.mark.parametrize(("kind", "halved_after"), [("discrete", 50.0), ("stochastic", 100.0)])
def test_the_scheduled_runs_differ_in_the_noise_alone(kind, halved_after):
    """.5/(1 + epoch/50) and .5/(1 + epoch/100)."""
    found = {e.name: e for e in experiments("paper") if isinstance(e, Experiment)}
    constant, scheduled = found[f"{kind}-dtp"], found[f"{kind}-scheduled-dtp"]
    assert scheduled.settings == constant.settings
    assert isinstance(constant.rule, DTP)
    assert scheduled.rule == replace(
        constant.rule, inverse=NoisePreserving(0.5), noise_halved_after=halved_after
    )


def test_the_uppermost_step_is_that_of_one_examples_gradient():
    """The gradient of a mean over a batch is that of one example over the batch's size."""
    found = {e.name: e for e in experiments("paper")}
    for kind, lr0 in LR0.items():
        experiment = found[f"{kind}-dtp"]
        assert isinstance(experiment, Experiment)
        assert isinstance(experiment.rule, DTP)
        assert experiment.rule.alpha * experiment.settings.batch_size == pytest.approx(lr0)


def test_the_networks_with_and_without_the_autoencoder_differ_in_nothing_else():
    found = {e.name: e for e in experiments("paper")}
    coder, begun, drawn = (
        found[name] for name in ("autoencoder", "from-autoencoder", "from-random-weights")
    )
    assert isinstance(coder, GenerativeExperiment)
    assert isinstance(begun, Experiment)
    assert isinstance(drawn, Experiment)
    assert (begun.init_from, drawn.init_from) == ("autoencoder", None)
    assert (begun.rule, begun.settings) == (drawn.rule, drawn.settings)
    model = coder.model
    assert isinstance(model, TargetAutoencoder)
    assert (model.hidden, model.tied, model.target) == (1000, True, ReflectedCode())
