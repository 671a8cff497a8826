"""What runs for difference target propagation: continuous, discrete and stochastic networks, and an
autoencoder whose encoder another network begins with.

Hyper-parameters of the three networks are those of the authors' code, whose step sizes for the
uppermost target stand for the batch's mean loss: ours, for one example's, are a hundredth. `quick`
runs a tenth of the epochs.
"""

from collections.abc import Iterator
from dataclasses import replace

from apical.generative import TargetAutoencoder
from apical.networks.activations import sigmoid, tanh
from apical.networks.initialisers import Glorot, Orthogonal
from apical.networks.layers import Fc
from apical.networks.transmission import Bernoulli, Sign
from apical.reproduce.experiment import Experiment, GenerativeExperiment, Planned
from apical.rules import BP, DTP, Rule
from apical.rules.target_propagation.inverses import NoisePreserving
from apical.settings import Settings, Unsupervised
from apical.settings.turns import ByEpoch

QUICK = 10
"""`quick` runs one part in so many of the paper's epochs."""
RMSPROP = {"decay": 0.95, "eps": 1e-3, "momentum": 0.9, "centered": 1.0}
BASE = Settings(
    optimizer="rmsprop",
    optimizer_args=RMSPROP,
    init=Orthogonal(),
    batch_size=100,
    record_test=True,
)
CONTINUOUS = replace(BASE, hidden=(Fc(240),) * 7, epochs=100)
DISCRETE = replace(BASE, hidden=(Fc(500, Sign()), Fc(500)), epochs=500)
STOCHASTIC = replace(
    BASE,
    hidden=(Fc(200, Bernoulli()), Fc(200, Bernoulli())),
    activation=sigmoid,
    init=Glorot(),
    passes=100,
    epochs=1000,
)
NETWORKS = {"continuous": CONTINUOUS, "discrete": DISCRETE, "stochastic": STOCHASTIC}
BACKPROP_RATE = 8.04e-4
HALVED_AFTER = {"discrete": 50.0, "stochastic": 100.0}
"""Epochs after which the authors' noise of the inverses, .5 at first, is half of it."""
CODER = Unsupervised(optimizer="sgd", lr=0.03, batch_size=100, epochs=100)
ON_CODES = Settings(
    hidden=(Fc(1000),), activation=sigmoid, optimizer="adam", lr=1e-3, epochs=100, record_test=True
)


def experiments(protocol: str) -> Iterator[Planned]:
    """Both rules on each kind of network, the autoencoder, and networks with and without it."""
    for experiment in _full():
        if protocol == "smoke":
            few = {"passes": 2} if isinstance(experiment, Experiment) else {}
            yield experiment.with_settings(epochs=1, steps_per_epoch=2, **few)
        elif protocol == "quick":
            yield experiment.with_settings(epochs=experiment.epochs // QUICK)
        else:
            yield experiment


def _full() -> Iterator[Experiment | GenerativeExperiment]:
    """The paper's own epochs."""
    law = Orthogonal()
    continuous = DTP(alpha=3.27736e-3, inverse=NoisePreserving(0.35983), law=law)
    yield _targets("continuous", continuous, CONTINUOUS, 0.0148893, 5.01149e-3)
    yield _backprop("continuous", CONTINUOUS)
    # The authors' noise falls with the epochs, from .5. The constant one is its mean over them.
    discrete = DTP(alpha=0.279655, inverse=NoisePreserving(0.12), law=law)
    yield from _both_noises("discrete", discrete, DISCRETE, 6.60055e-4, 4.32832e-4)
    yield _backprop("discrete", DISCRETE)
    stochastic = DTP(
        alpha=0.584385, inverse=NoisePreserving(0.12), law=Glorot(), inverse_activation=tanh
    )
    yield from _both_noises("stochastic", stochastic, STOCHASTIC, 3.0874e-3, 2.71629e-6)
    yield _backprop("stochastic", STOCHASTIC)
    yield GenerativeExperiment("autoencoder", TargetAutoencoder(hidden=1000), CODER)
    yield Experiment("from-autoencoder", BP(), ON_CODES, init_from="autoencoder")
    yield Experiment("from-random-weights", BP(), ON_CODES)


def _both_noises(
    kind: str, rule: DTP, settings: Settings, lr: float, learned_lr: float
) -> Iterator[Experiment]:
    """With the rule's constant noise, and with that which the authors let fall."""
    falling = replace(rule, inverse=NoisePreserving(0.5), noise_halved_after=HALVED_AFTER[kind])
    yield _targets(kind, rule, settings, lr, learned_lr)
    yield _targets(f"{kind}-scheduled", falling, settings, lr, learned_lr)


def _targets(kind: str, rule: Rule, settings: Settings, lr: float, learned_lr: float) -> Experiment:
    settings = replace(settings, lr=lr, learned_lr=learned_lr, alternate=ByEpoch())
    return Experiment(f"{kind}-dtp", rule, settings)


def _backprop(kind: str, settings: Settings) -> Experiment:
    """Backpropagation, with the straight-through estimator where units send signs or samples."""
    return Experiment(f"{kind}-bp", BP(), replace(settings, lr=BACKPROP_RATE))
