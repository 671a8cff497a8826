"""What runs for the target propagation study: Tables 1 and 2, Figure 4's sweep, an autoencoder.

Table 2 is ImageNet's. Parts of it run under names of their own, in `quick`.

`paper` runs the paper's 500 epochs with the settings of its Table 5, `quick` as many as
`networks.SETUPS` says with ours where we searched, `smoke` a few steps. The paper's methods run to
the letter; ours, whose names end in `damped`, in `quick` alone.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from apical.networks.layers import Fc
from apical.networks.losses import SquaredError
from apical.networks.targets import Input
from apical.papers.target_propagation.methods import (
    ALL,
    DAMPED,
    LETTER,
    METHODS,
    NARROW,
    configured,
    published,
)
from apical.papers.target_propagation.networks import EPOCHS, SETUPS, TABLE_1
from apical.papers.target_propagation.searched import winner
from apical.reproduce.experiment import Experiment
from apical.rules import AOSDTP, SDTP, Rule
from apical.settings import Settings

FEATURES = (1, 16, 64, 256, 512, 1000)
"""Sizes of the auxiliary output in Figure 4; without any it is SDTP."""
SWEPT_EPOCHS = 5
AUTOENCODER = (Fc(512), Fc(64), Fc(512))
"""Hidden layers of the network of appendix 5.5, which learns to give its input back."""
AUTOENCODER_EPOCHS = 10
"""Of `quick`."""
LONGER = 20
"""Epochs on the locally connected MNIST network of BP and FA once more."""
PRINTED = ("sdtp-parallel-summed", "sdtp-alternating-summed", "sdtp-alternating-averaged")
"""Run to the letter with Table 5's settings too, on the fully connected MNIST network."""
ON_IMAGENET = (
    "bp", "bp-conv", "fa", "dfa-regenerated",
    "dtp-parallel", "dtp-alternating", "sdtp-parallel-summed",
)  # fmt: skip
"""Table 2, and DFA, which the paper could not fit into memory."""
ON_PARTS = {
    "tiny-imagenet-part-third-width": (
        "bp", "fa", "dtp-parallel", "sdtp-parallel-summed", "dfa-regenerated", "dtp-alternating",
    ),
    "imagenette-part": ("bp-conv", "fa-conv"),
}  # fmt: skip
Chosen = Callable[[str, str], tuple[Rule, Settings]]
"""Where a cell's rule and settings come from."""


def experiments(protocol: str) -> Iterator[Experiment]:
    """Every method on every network; `smoke`: every method on the smallest."""
    if protocol == "smoke":
        for method in ALL:
            yield _tiny(cell("mnist-lc" if ALL[method].convolutional else "mnist-fc", method))
        yield _tiny(autoencoder("bp"))
        return
    yield from _paper() if protocol == "paper" else _quick()


def _paper() -> Iterator[Experiment]:
    for setup in TABLE_1:
        for method in _that_fit(setup, METHODS):
            yield cell(setup, method, published)
    for method in _that_fit("mnist-fc", METHODS):
        yield autoencoder(method, published)
    yield from _auxiliary("summed", published)
    for method in ON_IMAGENET:
        yield cell("imagenet", method, published)


def _quick() -> Iterator[Experiment]:
    for setup in TABLE_1:
        for method in _that_fit(setup, METHODS | DAMPED):
            # What awaits its search has run with Table 5's settings alone, under another name.
            if setup != "mnist-fc" or method not in LETTER or winner(setup, method):
                yield _shortened(setup, cell(setup, method))
    for method in _that_fit("mnist-fc", METHODS | DAMPED):
        if method not in LETTER:
            yield autoencoder(method).with_settings(epochs=AUTOENCODER_EPOCHS)
    for method in NARROW:
        yield _shortened("mnist-fc", cell("mnist-fc", method))
    for method in PRINTED:
        printed = cell("mnist-fc", method, published)
        yield _shortened("mnist-fc", replace(printed, name=f"{printed.name}-table-5"))
    for swept in _auxiliary("damped", configured):
        yield replace(swept.with_settings(epochs=SWEPT_EPOCHS), most_seeds=1)
    for method in ("bp", "fa"):
        full = _shortened("mnist-lc", cell("mnist-lc", method))
        yield replace(full, name=f"{full.name}-longer").with_settings(epochs=LONGER)
    for setup, methods in ON_PARTS.items():
        for method in methods:
            yield _shortened(setup, cell(setup, method))


def _that_fit(setup: str, methods: Iterable[str]) -> list[str]:
    """Those for a network: without local layers it has no weights to share."""
    return [m for m in methods if SETUPS[setup].local or not ALL[m].convolutional]


def autoencoder(method: str, choose: Chosen = configured) -> Experiment:
    """Appendix 5.5, with what each method has for classifying digits: none was tuned for this."""
    rule, settings = choose("mnist-fc", method)
    settings = replace(
        settings,
        hidden=AUTOENCODER,
        loss=SquaredError(),
        target=Input(),
        epochs=EPOCHS,
        record_test=True,
    )
    return Experiment(f"autoencoder-{method}", rule, settings, most_seeds=1)


def cell(setup: str, method: str, choose: Chosen = configured) -> Experiment:
    """One cell of Table 1, at the paper's epochs."""
    rule, settings = choose(setup, method)
    settings = replace(settings, epochs=EPOCHS, record_test=True)
    chosen = SETUPS[setup]
    return Experiment(f"{setup}-{method}", rule, settings, data=chosen.data, value=chosen.value)


def _auxiliary(form: str, choose: Chosen) -> Iterator[Experiment]:
    """Figure 4: the size of the auxiliary output, and SDTP with all else as AO-SDTP has it."""
    full = cell("mnist-fc", f"ao-sdtp-alternating-{form}", choose)
    rule = full.rule
    assert isinstance(rule, AOSDTP)
    shared = {name: value for name, value in vars(rule).items() if name != "features"}
    yield replace(full, name=f"features-0-{form}", rule=SDTP(**shared), value=0.0)
    for features in FEATURES:
        swept = replace(rule, features=features)
        yield replace(full, name=f"features-{features}-{form}", rule=swept, value=0.0)


def _shortened(setup: str, experiment: Experiment) -> Experiment:
    """As long and as often as `quick` runs a setup."""
    chosen = SETUPS[setup]
    short = experiment.with_settings(epochs=chosen.quick_epochs)
    return replace(short, most_seeds=chosen.quick_seeds)


def _tiny(experiment: Experiment) -> Experiment:
    return experiment.with_settings(epochs=1, steps_per_epoch=3)
