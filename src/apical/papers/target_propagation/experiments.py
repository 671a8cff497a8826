"""What runs for the target propagation study: the cells of Table 1 and the sweep of Figure 4.

`paper` runs the paper's 500 epochs, `quick` as many as `networks.SETUPS` says, `smoke` a few steps.
"""

from collections.abc import Iterator
from dataclasses import replace

from apical.papers.target_propagation.methods import METHODS, configured
from apical.papers.target_propagation.networks import EPOCHS, SETUPS
from apical.reproduce.experiment import Experiment
from apical.rules import AOSDTP, SDTP

FEATURES = (1, 16, 64, 256, 512, 1000)
"""Sizes of the auxiliary output in Figure 4; without any it is SDTP."""
SWEPT_EPOCHS = 5


def experiments(protocol: str) -> Iterator[Experiment]:
    """Every method on every network; `smoke`: every method on the smallest."""
    if protocol == "smoke":
        for method in METHODS:
            yield _tiny(cell("mnist-lc" if METHODS[method].convolutional else "mnist-fc", method))
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
    yield from _undamped()
    yield from _auxiliary()


def cell(setup: str, method: str) -> Experiment:
    """One cell of Table 1, at the paper's epochs."""
    rule, settings = configured(setup, method)
    settings = replace(settings, epochs=EPOCHS, record_test=True)
    return Experiment(f"{setup}-{method}", rule, settings, SETUPS[setup].data)


def _undamped() -> Iterator[Experiment]:
    """SDTP and AO-SDTP to the letter: the whole step, and inverses of the hidden activation."""
    for setup in ("mnist-fc", "mnist-lc"):
        for method in ("sdtp-parallel", "sdtp-alternating"):
            damped = cell(setup, method)
            assert isinstance(damped.rule, SDTP)
            rule = replace(damped.rule, step=1.0, output_inverse="tanh")
            undamped = replace(damped, name=f"{damped.name}-undamped", rule=rule, most_seeds=1)
            yield _for_epochs(undamped, SWEPT_EPOCHS)


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
