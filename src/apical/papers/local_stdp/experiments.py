"""What runs for the local STDP paper: its pairs, a remedy kept apart, and what lies beyond."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

from apical.adversarial.threat_model import USUAL, Epsilon
from apical.networks.layers import Conv, Fc, LayerSpec, Lc
from apical.reproduce.experiment import Experiment
from apical.reproduce.under_attack import UnderAttack
from apical.rules import BP, AssociativeSTDP, Rule
from apical.rules.associative_stdp import Corrected, OneVsRest
from apical.settings.partial_batches import Wrap

RULES: dict[str, Rule] = {
    "stdp": AssociativeSTDP(),
    "bp": BP(),
    "wide": AssociativeSTDP(Corrected(eps=1e-2)),
}
"""The paper's rule, its baseline, and the remedy: a peak that is wide and low."""
OURS = ("stdp", "wide")
TWINS = {"stdp": "bp", "bp": "stdp", "wide": "bp"}
"""Whose networks lead the transfer attack."""

MNIST = replace(AssociativeSTDP.recipe, epochs=10, batch_size=100, record_test=True)
IRIS = replace(MNIST, epochs=400, batch_size=40, partial_batch=Wrap())
PAIRS = {
    **{f"iris-{a}v{b}": ("iris", (a, b), IRIS) for a, b in ((0, 1), (0, 2), (1, 2))},
    **{f"mnist-0v{b}": ("mnist", (0, b), MNIST) for b in (1, 2, 3, 4, 5)},
}
"""The pairs of Figures 2 and 3."""
EPSILONS = tuple(map(Epsilon, USUAL))
ATTACKED = 500
"""Test examples under attack, the first of the split."""

MATRIX = replace(MNIST, epochs=5)
"""The same for all 45 pairs; with as many examples each they share one compiled program."""
PER_CLASS = 4500
DIGITS = tuple(itertools.combinations(range(10), 2))
FASHION = tuple((0, b) for b in (1, 2, 3, 4, 5))

KINDS: dict[str, tuple[LayerSpec, ...]] = {
    "dense": (Fc(32), Fc(16)),
    "lc": (Lc((5, 5), 4, 2), Fc(16)),
    "conv": (Conv((5, 5), 4, 2), Fc(16)),
}
"""The first hidden layer fully connected, or of 14 x 14 places with 4 channels each."""
KIND_DATA = {"mnist": "mnist", "fashion": "fashion-mnist"}
KIND_PAIRS = tuple((data, (0, b)) for data in KIND_DATA for b in (1, 2))
KIND_PER_CLASS = 2000

TEN = replace(MNIST, hidden=(Fc(160),), epochs=12, steps_per_epoch=50)
REST = 1 / 9
TEN_CLASSES: dict[str, tuple[Rule, tuple[int, ...]]] = {
    "ten-bp": (BP(), (160,)),
    "ten-stdp": (AssociativeSTDP(signs=OneVsRest()), (160,)),
    "ten-wide-balanced": (AssociativeSTDP(Corrected(eps=1e-2), OneVsRest(REST)), (160,)),
    "ten-wide-balanced-deep": (AssociativeSTDP(Corrected(eps=1e-2), OneVsRest(REST)), (160, 80)),
}


def experiments(protocol: str) -> Iterator[Experiment]:
    """`quick`: the figures' runs only; `smoke`: two epochs of one pair of each data set."""
    if protocol == "smoke":
        for experiment in _pairs():
            if experiment.name.startswith(("iris-0v2", "mnist-0v1")):
                yield experiment.with_settings(epochs=2)
    else:
        yield from _pairs()
    if protocol == "paper":
        yield from (*_matrix(), *_fashion(), *_kinds(), *_ten())


def _pairs() -> Iterator[Experiment]:
    for pair, (data, classes, settings) in PAIRS.items():
        for name, rule in RULES.items():
            attack = UnderAttack(f"{pair}-{TWINS[name]}", EPSILONS, ATTACKED)
            # Where hardly a run succeeds there is nothing to compare.
            remedied_iris = name == "wide" and data == "iris"
            yield Experiment(
                f"{pair}-{name}", rule, settings, data=data, classes=classes,
                examinations=() if remedied_iris else (attack,),
            )  # fmt: skip


def _matrix() -> Iterator[Experiment]:
    for (a, b), name in itertools.product(DIGITS, OURS):
        yield Experiment(
            f"matrix-{a}v{b}-{name}", RULES[name], MATRIX,
            classes=(a, b), per_class=PER_CLASS, most_seeds=1,
        )  # fmt: skip


def _fashion() -> Iterator[Experiment]:
    for (a, b), name in itertools.product(FASHION, RULES):
        yield Experiment(
            f"fashion-{a}v{b}-{name}", RULES[name], MATRIX, data="fashion-mnist", classes=(a, b),
            per_class=PER_CLASS, most_seeds=3,
        )  # fmt: skip


def _kinds() -> Iterator[Experiment]:
    for (data, (a, b)), kind, name in itertools.product(KIND_PAIRS, KINDS, RULES):
        yield Experiment(
            f"{kind}-{data}-{a}v{b}-{name}", RULES[name], replace(MATRIX, hidden=KINDS[kind]),
            data=KIND_DATA[data], classes=(a, b), per_class=KIND_PER_CLASS, most_seeds=3,
        )  # fmt: skip


def _ten() -> Iterator[Experiment]:
    for name, (rule, units) in TEN_CLASSES.items():
        yield Experiment(name, rule, replace(TEN, hidden=tuple(map(Fc, units))))
