"""The interface of a credit-assignment rule.

A rule is a value: hyper-parameters and two pure methods. `init` makes what the
rule needs besides the network; `credit` looks at one minibatch and says how the
weights should change. An Optax optimizer makes the change. Nothing in here
knows any rule, and the trainer knows nothing but this file.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from apical.feedback import Transport
from apical.networks.layers import Layer
from apical.networks.network import Network
from apical.settings import Settings
from apical.values.ranges import ADAM, Space
from apical.values.value import Value


class Batch(eqx.Module):
    """One minibatch: inputs and encoded targets, as the network takes and gives them."""

    x: Float[Array, "batch ..."]
    y: Float[Array, "batch units"]


class State(eqx.Module):
    """What a rule owns besides the network; either part may be None.

    `learned` (inverses, mirrors, ...) is stepped on `Credit.learned` by an optimizer of its own,
    with the network or in turns with it; `kept` (feedback weights, memories, fast weights, ...) is
    what the rule says it is, from step to step.
    """

    learned: PyTree = None
    kept: PyTree = None


class Link(eqx.Module):
    """Feedback weights that lead a signal from `net.layers[source]` to `net.layers[target]`."""

    layer: Layer
    source: int = eqx.field(static=True)
    target: int = eqx.field(static=True)


class Credit(eqx.Module):
    """A rule's answer to one minibatch."""

    network: Network
    """Pseudo-gradients shaped like the network, averaged over the batch; descended."""
    signals: tuple[Float[Array, "batch ..."], ...]
    """The teaching signal of each layer and example, in the place of dL/da_l."""
    kept: PyTree = None
    """The next `State.kept`."""
    learned: PyTree = None
    """Pseudo-gradients shaped like `State.learned`."""
    links: tuple[Link, ...] = ()
    """The feedback weights the signals travelled through, for diagnostics only."""
    scalars: Mapping[str, Float[Array, ""]] = field(default_factory=dict)
    """Numbers to log, averaged over the epoch."""


@dataclass(frozen=True)
class Traits:
    """What a rule claims about itself; every claim is a law that the tests hold it to."""

    transport: Transport
    """What of the downstream forward weights its teaching signals read."""
    gradient: bool = False
    """Its pseudo-gradients are the loss's gradient."""
    supervised: bool = True
    """It is driven by the output error, so that zero error gives zero credit."""
    independent: bool = True
    """Its pseudo-gradient of a batch is the mean of those of its examples."""
    settles: bool = False
    """Its teaching signals come from activity of its own dynamics, not from one forward pass."""


class Rule(Value):
    """A way of assigning credit to the weights of a network.

    `name` is what the command line, tables and figures call it.
    """

    recipe: ClassVar[Settings] = Settings()
    """The settings the rule recommends for what a user leaves out."""
    space: ClassVar[Space] = ADAM
    """The hyper-parameters that a search varies unless it is told others, with their ranges."""

    @property
    @abstractmethod
    def traits(self) -> Traits:
        """What the rule claims; the laws in tests/laws.py hold it to that."""

    @abstractmethod
    def init(self, net: Network, batch: Batch, key: PRNGKeyArray) -> State:
        """The state before the first step. `batch` shows shapes; its values are not to be used."""

    @abstractmethod
    def credit(self, net: Network, state: State, batch: Batch, key: PRNGKeyArray) -> Credit:
        """How the weights should change for this minibatch; pure, and compiled by the trainer."""
