"""What runs for the target propagation study: Table 1, the sweep of Figure 4, an autoencoder.

`paper` runs the paper's 500 epochs with the settings of its Table 5, `quick` as many as
`networks.SETUPS` says with ours where we searched, `smoke` a few steps.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from apical.networks.layers import Fc
from apical.networks.losses import SquaredError
from apical.networks.targets import Input
from apical.papers.target_propagation.methods import METHODS, UNDAMPED, configured, published
from apical.papers.target_propagation.networks import EPOCHS, SETUPS
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
FULLY_CONNECTED = tuple(name for name, method in METHODS.items() if not method.convolutional)
Chosen = Callable[[str, str], tuple[Rule, Settings]]
"""Where a cell's rule and settings come from."""


def experiments(protocol: str) -> Iterator[Experiment]:
    """Every method on every network; `smoke`: every method on the smallest."""
    if protocol == "smoke":
        for method in METHODS:
            yield _tiny(cell("mnist-lc" if METHODS[method].convolutional else "mnist-fc", method))
        yield _tiny(autoencoder("bp"))
        return
    yield from _paper() if protocol == "paper" else _quick()


def _paper() -> Iterator[Experiment]:
    for setup, method in _cells():
        yield cell(setup, method, published)
    for method in FULLY_CONNECTED:
        yield autoencoder(method, published)
    yield cell("mnist-fc", "sdtp-parallel-undamped", published)
    yield cell("mnist-fc", "sdtp-alternating-undamped", published)
    yield from _auxiliary(published)


def _quick() -> Iterator[Experiment]:
    for setup, method in _cells():
        yield _shortened(setup, cell(setup, method))
    for method in FULLY_CONNECTED:
        yield autoencoder(method).with_settings(epochs=AUTOENCODER_EPOCHS)
    for method in UNDAMPED:
        yield _shortened("mnist-fc", cell("mnist-fc", method))
    for method in ("sdtp-alternating-undamped", "sdtp-alternating-averaged"):
        printed = cell("mnist-fc", method, published)
        yield _shortened("mnist-fc", replace(printed, name=f"{printed.name}-table-5"))
    for swept in _auxiliary(configured):
        yield replace(swept.with_settings(epochs=SWEPT_EPOCHS), most_seeds=1)
    for method in ("bp", "fa"):
        full = _shortened("mnist-lc", cell("mnist-lc", method))
        yield replace(full, name=f"{full.name}-longer").with_settings(epochs=LONGER)


def _cells() -> Iterator[tuple[str, str]]:
    """The cells of Table 1; a network without local layers has no weights to share."""
    for setup, chosen in SETUPS.items():
        yield from ((setup, m) for m in (METHODS if chosen.local else FULLY_CONNECTED))


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
    return Experiment(f"{setup}-{method}", rule, settings, SETUPS[setup].data)


def _auxiliary(choose: Chosen) -> Iterator[Experiment]:
    """Figure 4: the size of the auxiliary output, and SDTP with all else as AO-SDTP has it."""
    full = cell("mnist-fc", "ao-sdtp-alternating", choose)
    rule = full.rule
    assert isinstance(rule, AOSDTP)
    shared = {name: value for name, value in vars(rule).items() if name != "features"}
    yield replace(full, name="features-0", rule=SDTP(**shared))
    for features in FEATURES:
        yield replace(full, name=f"features-{features}", rule=replace(rule, features=features))


def _shortened(setup: str, experiment: Experiment) -> Experiment:
    """As long and as often as `quick` runs a setup."""
    chosen = SETUPS[setup]
    short = experiment.with_settings(epochs=chosen.quick_epochs)
    return replace(short, most_seeds=chosen.quick_seeds)


def _tiny(experiment: Experiment) -> Experiment:
    return experiment.with_settings(epochs=1, steps_per_epoch=3)
