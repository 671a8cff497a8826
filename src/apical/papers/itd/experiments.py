"""What runs for the ITD paper: its figures, its author's earlier variants, and what lies beyond.

An epoch is 100 minibatches, so that a point of a curve is 100 iterations.
"""

from collections.abc import Iterator
from dataclasses import replace

from apical.feedback import FixedRandom
from apical.networks.activations import relu, softmax
from apical.networks.initialisers import FanIn
from apical.networks.layers import Fc
from apical.networks.losses import SquaredError
from apical.reproduce.experiment import Experiment
from apical.rules import BP, FA, ITD, Rule
from apical.rules.itd import Differencing, LocalMemory, TimesActivity, TimesOutput, TimesSignal
from apical.settings import Settings

VBP = BP()
FBA = FA(FixedRandom(FanIn()))
MCE = ITD()
LSE = ITD(difference_output=True)

DEPTH, WIDTH = 3, 32
"""Of the paper's network."""
SETTING = replace(ITD.recipe, hidden=(Fc(WIDTH),) * DEPTH, record_test=True)
LSE_SETTING = replace(SETTING, loss=SquaredError(), output=softmax)
EARLY = replace(SETTING, lr=1e-3, batch_size=50, epochs=100, steps_per_epoch=1000)

MULTIPLICATIVE: dict[str, Differencing] = {
    "times-activity": TimesActivity(),
    "times-signal": TimesSignal(),
    "times-output": TimesOutput(),
}
DEPTHS = (1, 2, 3, 4, 6, 8)
WIDTHS = (8, 32, 128, 512)
THREE: dict[str, Rule] = {"vbp": VBP, "fba": FBA, "itd-mce": MCE}

EARLY_PART = {"paper": 1.0, "quick": 0.1}
"""The part of the early setting's iterations that a protocol runs."""


def experiments(protocol: str) -> Iterator[Experiment]:
    """`quick`: a tenth of the early setting's iterations; `smoke`: two epochs of the figures."""
    if protocol == "smoke":
        for experiment in _figures():
            yield experiment.with_settings(epochs=2)
    else:
        yield from (*_figures(), *_ablation(), *_beyond())
        yield from _early(EARLY_PART[protocol])


def _figures() -> Iterator[Experiment]:
    yield Experiment("vbp", VBP, SETTING)
    yield Experiment("fba", FBA, SETTING)
    yield Experiment("itd-mce", MCE, SETTING)
    yield Experiment("itd-lse", LSE, LSE_SETTING)


def _ablation() -> Iterator[Experiment]:
    yield _few("local-memory", ITD(differencing=LocalMemory()), SETTING)
    yield _few("itd-lse-10k", LSE, replace(LSE_SETTING, epochs=100))
    for name, differencing in MULTIPLICATIVE.items():
        yield _few(name, ITD(differencing=differencing), SETTING)


def _early(part: float) -> Iterator[Experiment]:
    settings = replace(EARLY, epochs=round(part * EARLY.epochs))
    for name, differencing in MULTIPLICATIVE.items():
        yield _few(f"early-{name}", ITD(differencing=differencing), settings)
    yield _few("early-fba", FBA, settings)
    yield _few("early-vbp", VBP, settings)


def _beyond() -> Iterator[Experiment]:
    for name, rule in THREE.items():
        for depth in DEPTHS:
            if depth != DEPTH:
                setting = replace(SETTING, hidden=(Fc(WIDTH),) * depth)
                yield _few(f"depth-{depth}-{name}", rule, setting, 3)
        for width in WIDTHS:
            if width != WIDTH:
                setting = replace(SETTING, hidden=(Fc(width),) * DEPTH)
                yield _few(f"width-{width}-{name}", rule, setting, 3)
        yield _few(f"relu-{name}", rule, replace(SETTING, activation=relu), 3)
        yield replace(_few(f"fashion-{name}", rule, SETTING, 3), data="fashion-mnist")


def _few(name: str, rule: Rule, settings: Settings, seeds: int = 5) -> Experiment:
    return Experiment(name, rule, settings, most_seeds=seeds)
