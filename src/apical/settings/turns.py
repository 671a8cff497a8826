"""Whose turn it is: the order in which the network and what the rule learns are stepped.

A plan is static, so the compiler leaves out what a turn does not apply and no rule needs to ask.
Whatever the plan, an epoch steps each group once on every minibatch.
"""

from abc import abstractmethod
from typing import NamedTuple

from apical.values.value import Value


class Turn(NamedTuple):
    """Which pseudo-gradients of one call of a rule are applied."""

    network: bool
    learned: bool


Plan = tuple[tuple[Turn, ...], ...]
"""The passes of an epoch, over the same minibatches in the same order, and in each pass the turns
that every minibatch is used for, one after the other."""

LEARNED, NETWORK = Turn(network=False, learned=True), Turn(network=True, learned=False)
TOGETHER: Plan = ((Turn(network=True, learned=True),),)
"""Both groups are stepped at once."""


class Alternation(Value):
    """What the rule learns is stepped first, then the network."""

    @property
    @abstractmethod
    def plan(self) -> Plan:
        """The passes of an epoch."""


class ByBatch(Alternation):
    """At every minibatch."""

    name = "batch"

    @property
    def plan(self):
        return ((LEARNED, NETWORK),)


class ByEpoch(Alternation):
    """In two passes over the training set."""

    name = "epoch"

    @property
    def plan(self):
        return ((LEARNED,), (NETWORK,))
