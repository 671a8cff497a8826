"""What runs for the ITD paper: its figures, its author's earlier variants, and what lies beyond.

An epoch is 100 minibatches, so that a point of a curve is 100 iterations.
"""

from collections.abc import Iterator
from dataclasses import replace

from apical.feedback import FixedRandom
from apical.initialisers import FanIn
from apical.losses import SquaredError
from apical.reproduce.experiment import Experiment
from apical.rules import BP, FA, ITD, Rule
from apical.rules.differencing import (
    Differencing,
    LocalMemory,
    TimesActivity,
    TimesOutput,
    TimesSignal,
)
from apical.settings import Settings

VBP = BP()
FBA = FA(FixedRandom(FanIn()))
MCE = ITD()
LSE = ITD(difference_output=True)

SETTING = replace(ITD.recipe, record_test=True)
LSE_SETTING = replace(SETTING, loss=SquaredError(), output="softmax")
EARLY = replace(SETTING, lr=1e-3, batch_size=50, epochs=100, steps_per_epoch=1000)

MULTIPLICATIVE: dict[str, Differencing] = {
    "times-activity": TimesActivity(),
    "times-signal": TimesSignal(),
    "times-output": TimesOutput(),
}
DEPTHS = (1, 2, 3, 4, 6, 8)
WIDTHS = (8, 32, 128, 512)
THREE: dict[str, Rule] = {"vbp": VBP, "fba": FBA, "itd-mce": MCE}

PARTS = {"paper": (1.0, 1.0), "quick": (1.0, 0.1), "smoke": (0.04, 0.0)}
"""The part of its epochs that a protocol runs: of the paper's setting, of the early one."""


def experiments(protocol: str) -> Iterator[Experiment]:
    """`quick`: a tenth of the early setting's iterations; `smoke`: two epochs of the figures."""
    part, early = PARTS[protocol]
    chosen = _figures() if protocol == "smoke" else (*_figures(), *_ablation(), *_beyond())
    for experiment in chosen:
        settings = experiment.settings
        share = early if settings.lr == EARLY.lr else part
        epochs = max(1, round(share * settings.epochs))
        yield replace(experiment, settings=replace(settings, epochs=epochs))


def _figures() -> Iterator[Experiment]:
    yield Experiment("vbp", VBP, SETTING)
    yield Experiment("fba", FBA, SETTING)
    yield Experiment("itd-mce", MCE, SETTING)
    yield Experiment("itd-lse", LSE, LSE_SETTING)


def _ablation() -> Iterator[Experiment]:
    yield _few("local-memory", ITD(differencing=LocalMemory()), SETTING, 5)
    for name, differencing in MULTIPLICATIVE.items():
        rule = ITD(differencing=differencing)
        yield _few(name, rule, SETTING, 5)
        yield _few(f"early-{name}", rule, EARLY)
    yield _few("early-fba", FBA, EARLY)
    yield _few("early-vbp", VBP, EARLY)


def _beyond() -> Iterator[Experiment]:
    for name, rule in THREE.items():
        for depth in DEPTHS:
            yield _few(f"depth-{depth}-{name}", rule, replace(SETTING, hidden=(32,) * depth))
        for width in WIDTHS:
            yield _few(f"width-{width}-{name}", rule, replace(SETTING, hidden=(width,) * 3))
        yield _few(f"relu-{name}", rule, replace(SETTING, activation="relu"))
        yield replace(_few(f"fashion-{name}", rule, SETTING), data="fashion-mnist")


def _few(name: str, rule: Rule, settings: Settings, seeds: int = 3) -> Experiment:
    return Experiment(name, rule, settings, most_seeds=seeds)
