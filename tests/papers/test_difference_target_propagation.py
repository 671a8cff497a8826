"""The settings of Lee et al. are those of their code."""

import pytest

from apical.papers.difference_target_propagation.experiments import experiments
from apical.rules import DTP

LR0 = {"continuous": 0.327736, "discrete": 27.9655, "stochastic": 58.4385}
"""Steps of the uppermost target in the authors' code, on the gradient of the batch's mean loss."""


def test_the_uppermost_step_is_that_of_one_examples_gradient():
    """The gradient of a mean over a batch is that of one example over the batch's size."""
    found = {e.name: e for e in experiments("paper")}
    for kind, lr0 in LR0.items():
        experiment = found[f"{kind}-dtp"]
        assert isinstance(experiment.rule, DTP)
        assert experiment.rule.alpha * experiment.settings.batch_size == pytest.approx(lr0)
