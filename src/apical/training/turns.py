"""Whose turn it is: the order in which the network and what the rule learns are stepped.

A plan is static, so the compiler leaves out what a turn does not apply and no rule needs to ask.
Whatever the plan, an epoch steps each group once on every minibatch.
"""

from typing import NamedTuple


class Turn(NamedTuple):
    """Which pseudo-gradients of one call of a rule are applied."""

    network: bool
    learned: bool


Pass = tuple[Turn, ...]
"""The turns that each minibatch is used for, one after the other, in a pass over all of them."""
Plan = tuple[Pass, ...]
"""The passes of an epoch, over the same minibatches in the same order."""

LEARNED, NETWORK = Turn(network=False, learned=True), Turn(network=True, learned=False)
TOGETHER: Plan = ((Turn(network=True, learned=True),),)
ALTERNATIONS: dict[str | None, Plan] = {
    None: TOGETHER,
    "batch": ((LEARNED, NETWORK),),
    "epoch": ((LEARNED,), (NETWORK,)),
}
"""The plans by the names of `Settings.alternate`."""
