"""Whose turn it is: the order in which the network and what the rule learns are stepped.

A plan is static, so the compiler leaves out what a turn does not apply and no rule needs to ask.
Whatever the plan, an epoch steps each group once on every minibatch.
"""

from typing import NamedTuple

from apical.training.learner import Plan


class Turn(NamedTuple):
    """Which pseudo-gradients of one call of a rule are applied."""

    network: bool
    learned: bool


LEARNED, NETWORK = Turn(network=False, learned=True), Turn(network=True, learned=False)
TOGETHER: Plan = ((Turn(network=True, learned=True),),)
ALTERNATIONS: dict[str | None, Plan] = {
    None: TOGETHER,
    "batch": ((LEARNED, NETWORK),),
    "epoch": ((LEARNED,), (NETWORK,)),
}
"""The plans by the names of `Settings.alternate`."""
