"""What runs for the target propagation study: Table 1, the sweep of Figure 4, an autoencoder.

`paper` runs the paper's 500 epochs, `quick` as many as `networks.SETUPS` says, `smoke` a few steps.
"""

from collections.abc import Iterator
from dataclasses import replace

from apical.losses import SquaredError
from apical.papers.target_propagation.methods import METHODS, UNDAMPED, configured
from apical.papers.target_propagation.networks import EPOCHS, SETUPS
from apical.reproduce.experiment import Experiment
from apical.rules import AOSDTP
from apical.targets import Input

FEATURES = (1, 16, 64, 256, 512, 1000)
"""Sizes of the auxiliary output in Figure 4; without any it is SDTP."""
SWEPT_EPOCHS = 5
AUTOENCODER = (512, 64, 512)
"""Hidden layers of the network of appendix 5.5, which learns to give its input back."""
AUTOENCODER_EPOCHS = 10
"""Of `quick`."""
LONGER = 20
"""Epochs on the locally connected MNIST network of BP and FA once more."""


def experiments(protocol: str) -> Iterator[Experiment]:
    """Every method on every network; `smoke`: every method on the smallest."""
    if protocol == "smoke":
        for method in METHODS:
            yield _tiny(cell("mnist-lc" if METHODS[method].convolutional else "mnist-fc", method))
        yield _tiny(autoencoder("bp"))
        return
    for setup, chosen in SETUPS.items():
        for method in METHODS:
            if METHODS[method].convolutional and not chosen.settings.net:
                continue
            full = cell(setup, method)
            if protocol == "paper":
                yield full
            else:
                yield replace(_for_epochs(full, chosen.quick_epochs), most_seeds=chosen.quick_seeds)
    for method in METHODS:
        if not METHODS[method].convolutional:
            full = autoencoder(method)
            yield full if protocol == "paper" else _for_epochs(full, AUTOENCODER_EPOCHS)
    yield from _undamped(protocol)
    yield from _auxiliary()
    yield from _longer()


def autoencoder(method: str) -> Experiment:
    """Appendix 5.5, with what each method has for classifying digits: none was tuned for this."""
    rule, settings = configured("mnist-fc", method)
    settings = replace(
        settings,
        hidden=AUTOENCODER,
        loss=SquaredError(),
        target=Input(),
        epochs=EPOCHS,
        record_test=True,
    )
    return Experiment(f"autoencoder-{method}", rule, settings, most_seeds=1)


def cell(setup: str, method: str) -> Experiment:
    """One cell of Table 1, at the paper's epochs."""
    rule, settings = configured(setup, method)
    settings = replace(settings, epochs=EPOCHS, record_test=True)
    return Experiment(f"{setup}-{method}", rule, settings, SETUPS[setup].data)


def _undamped(protocol: str) -> Iterator[Experiment]:
    """SDTP to the letter, on the smallest network."""
    chosen = SETUPS["mnist-fc"]
    for method in UNDAMPED:
        full = replace(cell("mnist-fc", method), most_seeds=chosen.quick_seeds)
        yield full if protocol == "paper" else _for_epochs(full, chosen.quick_epochs)


def _longer() -> Iterator[Experiment]:
    """BP and FA for twice the epochs that `quick` gives every method on this network."""
    for method in ("bp", "fa"):
        full = cell("mnist-lc", method)
        chosen = replace(
            full, name=f"{full.name}-longer", most_seeds=SETUPS["mnist-lc"].quick_seeds
        )
        yield _for_epochs(chosen, LONGER)


def _auxiliary() -> Iterator[Experiment]:
    """Figure 4: the size of the auxiliary output, and none at all."""
    without = cell("mnist-fc", "sdtp-alternating")
    yield _for_epochs(replace(without, name="features-0", most_seeds=1), SWEPT_EPOCHS)
    for features in FEATURES:
        full = cell("mnist-fc", "ao-sdtp-alternating")
        assert isinstance(full.rule, AOSDTP)
        swept = replace(full, rule=replace(full.rule, features=features), most_seeds=1)
        yield _for_epochs(replace(swept, name=f"features-{features}"), SWEPT_EPOCHS)


def _for_epochs(experiment: Experiment, epochs: int) -> Experiment:
    return replace(experiment, settings=replace(experiment.settings, epochs=epochs))


def _tiny(experiment: Experiment) -> Experiment:
    settings = replace(experiment.settings, epochs=1, steps_per_epoch=3)
    return replace(experiment, settings=settings)
