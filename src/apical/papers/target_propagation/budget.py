"""How hyper-parameters are searched: by random draws, or on a few stated learning rates."""

from dataclasses import dataclass, field

from apical.settings.schedules import Constant, LinearDecay, Schedule
from apical.values.ranges import Choice, Linear, Log, Space


@dataclass(frozen=True)
class Search:
    """How a method's hyper-parameters are searched: random draws, then the best of them anew."""

    draws: int = 16
    epochs: int = 6
    """Of each draw."""
    schedule: Schedule = Constant()
    ranges: Space = field(default_factory=dict)
    """In place of, and beside, those that the rule recommends."""
    rates: tuple[float, ...] = ()
    """Learning rates of the network to try in place of draws; all else is as published."""
    finalists: int = 3
    """How many are trained anew, for longer and with a rate that falls; 0: the best draw is it."""


SHARES = Choice((0.9, 0.95, 0.99)), Choice((0.95, 0.99, 0.999)), Choice((1e-3, 1e-4, 1e-6, 1e-8))
"""Adam's b1, b2 and eps."""
WIDE = Search(
    epochs=20,
    schedule=LinearDecay(),
    ranges={
        "lr": Log(1e-4, 1e-2),
        "learned_lr": Log(1e-4, 1e-2),
        "inverse.sigma": Linear(0.01, 0.4),
        **{
            f"{group}.{name}": values
            for group in ("optimizer_args", "learned_optimizer_args")
            for name, values in zip(("b1", "b2", "eps"), SHARES, strict=True)
        },
    },
    finalists=0,
)
"""Has all that Table 5 found for SDTP on the fully connected MNIST network within its ranges."""
THRICE = Search(draws=48)
"""As many draws where no inverse is learned, which takes a third of the time."""
RATES = Search(draws=3, epochs=2, rates=(3e-5, 1e-4, 3e-4), finalists=0)
"""Within the range of the paper's Table 4, and all that there is time for on the large network."""
