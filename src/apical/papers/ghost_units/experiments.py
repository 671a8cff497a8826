"""What runs for the ghost-unit paper: every cell of its Table 1, and what lies beyond.

Tables 2 to 4 are the configurations below; TF is transpose feedback, FA feedback alignment.
"""

import math
from collections.abc import Iterator
from dataclasses import replace

from apical.feedback import Feedback, FixedRandom, Transpose
from apical.networks.initialisers import Uniform
from apical.networks.layers import Fc
from apical.papers.ghost_units.gradient import GradientError
from apical.papers.ghost_units.theorem import TheoremError
from apical.reproduce.experiment import Experiment
from apical.rules import BP, GhostMA, GhostMAPrime, GhostMB
from apical.rules.ghost.rule import Ghost
from apical.rules.ghost.stepping import Euler, Stepping, Strides

QUICK = 50
"""`quick` runs one part in so many of the paper's epochs."""
WIDTHS = (100, 300, 500)
GHOSTS = (1, 2, 5, 10, 20, 50)
FAST = 100.0
"""Ghosts times their learning rate, as in the paper, whatever their number: what the feedback of
one example leaves uncancelled shrinks per step in proportion to both."""
GHOST_EPOCHS = 2
"""For which other numbers of ghosts and nudges are tried."""
DEPTHS = (1, 2, 3, 4)
DEEP_RATES = {"tf": (0.01, 0.01), "fa": (0.05, 0.02)}
"""Of main and of lateral weights: Table 2, two hidden layers."""
DEEP_EPOCHS = 4
"""For which other depths are tried."""
BETAS = (0.01, 1.0, 10.0)
"""Nudges beside the recipe's own, with which the experiments of `GHOSTS` run."""
LOOKED_INTO = 500
"""Units of the MB network whose gradient the paper looks into (Figure 5)."""
STRIDES = (10, 20)
"""Euler steps in a stride; `quick` takes the first of these."""
EARLY = 6
"""Epochs by which our aim for MA with 500 units is to be met."""
TRACED = (1, 2)
"""Epochs after which Figure 4 looks into the circuit; it looks before the first one too."""
RATES = {"mb": (0.03, 0.1, 0.3, 1.0), "ma": (0.3, 1.0, 3.0, 10.0)}
"""Learning rates tried for backpropagation on the networks of each model, for `SEARCH` epochs."""
SEARCH = 10
BEST_RATES = {"mb": 0.3, "ma": 3.0}
"""Those of the best validation accuracy after `SEARCH` epochs of one seed."""


def experiments(protocol: str) -> Iterator[Experiment]:
    """`quick`: a fiftieth of the paper's epochs; `smoke`: a few minibatches of four cells."""
    if protocol == "smoke":
        yield from map(_tiny, (ma(100, "tf"), ma(100, "fa"), mb(100, "tf"), mb(100, "fa")))
        return
    for cell in cells():
        yield cell if protocol == "paper" else quick(cell)
    for epochs in TRACED:
        traced = mb(500, "tf").with_settings(epochs=epochs)
        yield replace(traced, name=f"trace-{epochs}", most_seeds=1)
    for cell in _beyond():
        yield replace(cell, most_seeds=1)
    yield from _strides()
    if protocol == "paper":
        early = ma(500, "tf").with_settings(epochs=EARLY)
        yield replace(early, name="early-ma-500-tf", most_seeds=3)
        yield from _clipping()
        yield from rate_search()
        yield from controls()


def quick(cell: Experiment) -> Experiment:
    """A cell of Table 1 for a part of its epochs.

    MA with two hidden layers, of which an epoch of Euler steps takes twelve minutes, goes in
    strides, and is named so.
    """
    short = cell.with_settings(epochs=cell.settings.epochs // QUICK)
    if not (isinstance(cell.rule, GhostMA) and len(cell.settings.hidden) > 1):
        return short
    stepping = Strides(STRIDES[0])
    name = f"strides-{stepping.length}-{cell.name}"
    return replace(short, name=name, rule=replace(cell.rule, stepping=stepping))


def ma(width: int, feedback: str, stepping: Stepping = Euler()) -> Experiment:
    """Table 2, one hidden layer."""
    rule = GhostMA(feedback=_feedback(feedback, 0.2), stepping=stepping)
    return _cell(f"ma-{width}-{feedback}", rule, (width,))


def ma_deep(hidden: tuple[int, ...], feedback: str) -> Experiment:
    """Table 2, two hidden layers."""
    eta, eta_ghost = DEEP_RATES[feedback]
    rule = GhostMA(
        main_rates=(eta,),
        ghost_rate=eta_ghost,
        lateral=Uniform(0.1),
        feedback=_feedback(feedback, 0.1),
    )
    cell = _cell(f"ma-{'-'.join(map(str, hidden))}-{feedback}", rule, hidden)
    return cell.with_settings(init=Uniform(0.1), epochs=300)


def mb(width: int, feedback: str, ghosts: int = 5, beta: float = 0.1) -> Experiment:
    """Table 4, one hidden layer; another beta keeps beta times the rates, see `FAST` for ghosts."""
    first, second = {"tf": (4.0, 0.04), "fa": (8.0, 0.2)}[feedback]
    scale = 0.1 / beta
    rule = GhostMB(
        beta=beta,
        main_rates=(scale * first, scale * second),
        per_layer=(ghosts,),
        ghost_rate=FAST / ghosts,
        feedback=_feedback(feedback, 0.05),
    )
    cell = _examined(_cell(f"mb-{width}-{feedback}", rule, (width,)))
    if width != LOOKED_INTO:
        return cell
    return replace(cell, examinations=(*cell.examinations, TheoremError()))


def mb_deep(width: int, feedback: str) -> Experiment:
    """Table 4, two hidden layers."""
    rates = {
        (300, "tf"): (40.0, 0.1, 0.005),
        (500, "tf"): (40.0, 0.1, 0.01),
        (300, "fa"): (200.0, 2.0, 0.02),
        (500, "fa"): (200.0, 1.0, 0.01),
    }[width, feedback]
    rule = GhostMB(
        free_steps={"tf": 140, "fa": 100}[feedback],
        main_rates=rates,
        per_layer=(20, 5),
        feedback=_feedback(feedback, 0.05),
    )
    return _examined(_cell(f"mb-{width}-{width}-{feedback}", rule, (width, width)))


def _clipping() -> Iterator[Experiment]:
    """MA' with and without its clipping, for one epoch."""
    for name, rule in {"early": GhostMAPrime(), "unclipped": GhostMAPrime(clip=math.inf)}.items():
        cell = _cell(f"{name}-ma-prime-500-tf", rule, (500,))
        yield replace(cell, most_seeds=3).with_settings(epochs=1)


def rate_search() -> Iterator[Experiment]:
    """Backpropagation at each of `RATES`, one seed; the validation split chooses."""
    for model, rates in RATES.items():
        for lr in rates:
            name = f"{model}-100-bp-lr-{lr:g}"
            tried = _backprop(model, 100, lr).with_settings(epochs=SEARCH)
            yield replace(tried, name=name, most_seeds=1)


def controls() -> Iterator[Experiment]:
    """Backpropagation on the networks of Table 1 with one hidden layer."""
    for model, lr in BEST_RATES.items():
        for width in WIDTHS:
            yield _backprop(model, width, lr)


def _backprop(model: str, width: int, lr: float) -> Experiment:
    """Backpropagation by plain SGD, with all else as in a cell of Table 1."""
    cell = ma(width, "tf") if model == "ma" else mb(width, "tf")
    return Experiment(f"{model}-{width}-bp", BP(), replace(cell.settings, lr=lr))


def cells() -> Iterator[Experiment]:
    """Table 1, at the paper's own epochs."""
    for feedback in ("tf", "fa"):
        for width in WIDTHS:
            yield mb(width, feedback)
            yield ma(width, feedback)
        yield ma_deep((500, 500), feedback)
        for width in WIDTHS[1:]:
            yield mb_deep(width, feedback)
    yield _cell("ma-prime-500-tf", GhostMAPrime(), (500,))


def _beyond() -> Iterator[Experiment]:
    """Other depths, numbers of ghosts, nudges and data: a few epochs of one seed."""
    for depth in DEPTHS:
        cell = ma_deep((100,) * depth, "tf")
        yield replace(cell, name=f"depth-{depth}-ma").with_settings(epochs=DEEP_EPOCHS)
    for ghosts in GHOSTS:
        cell = mb(100, "tf", ghosts)
        yield replace(cell, name=f"ghosts-{ghosts}-mb").with_settings(epochs=GHOST_EPOCHS)
    for beta in BETAS:
        cell = mb(100, "tf", beta=beta)
        yield replace(cell, name=f"beta-{beta:g}-mb").with_settings(epochs=GHOST_EPOCHS)
    for cell in (mb(100, "tf"), mb(100, "fa")):
        fashion = replace(cell, name=f"fashion-{cell.name}", data="fashion-mnist")
        yield fashion.with_settings(epochs=4)


def _strides() -> Iterator[Experiment]:
    """Euler steps and strides on the same seeds, five epochs."""
    steppings = {"euler": Euler()} | {f"strides-{n}": Strides(n) for n in STRIDES}
    for name, stepping in steppings.items():
        cell = ma(100, "tf", stepping).with_settings(epochs=5)
        yield replace(cell, name=f"{name}-ma-100", most_seeds=3)


def _feedback(name: str, limit: float) -> Feedback:
    """Feedback by its short name; fixed random weights have the range of the other weights."""
    return Transpose() if name == "tf" else FixedRandom(Uniform(limit))


def _cell(name: str, rule: Ghost, hidden: tuple[int, ...]) -> Experiment:
    settings = replace(rule.recipe, hidden=tuple(map(Fc, hidden)), record_test=True)
    return Experiment(name, rule, settings)


def _examined(cell: Experiment) -> Experiment:
    """A cell of MB with `GradientError`. With MA the main weights have learned when phases end."""
    return replace(cell, examinations=(GradientError(),))


def _tiny(cell: Experiment) -> Experiment:
    steps = 500 // cell.settings.batch_size
    return cell.with_settings(epochs=1, steps_per_epoch=steps)
