"""The interface of a credit-assignment rule.

A rule is a value: hyper-parameters and two pure methods. `init` makes what the rule needs besides
the network. `credit` looks at one minibatch and says how the weights should change; an Optax
optimizer makes the change. This file knows no rule, and the trainer knows no more of a rule than
this file.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from apical.errors import UsageError
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
    """What a rule owns besides the network; each part may be None."""

    learned: PyTree = None
    """Parameters of the rule itself (inverses, mirrors). An optimizer of their own steps them on
    `Credit.learned`, together with the network or in turns with it."""
    kept: PyTree = None
    """Anything else (feedback weights, memories, fast weights). `Credit.kept` is the next one."""
    epoch: Int[Array, ""] | None = None
    """How many epochs are over, for a rule whose `init` gives it as 0; the trainer counts it on."""


class Pathway(eqx.Module):
    """Feedback weights that lead a signal from `net.layers[source]` to `net.layers[target]`."""

    layer: Layer
    source: int = eqx.field(static=True)
    target: int = eqx.field(static=True)


class Credit(eqx.Module):
    """A rule's answer to one minibatch."""

    network: Network
    """Pseudo-gradients shaped like the network, averaged over the batch; they are descended."""
    signals: tuple[Float[Array, "batch ..."], ...]
    """The teaching signal of each layer, in the place of dL/da_l: (batch, *out_shape)."""
    kept: PyTree = None
    """The next `State.kept`."""
    learned: PyTree = None
    """Pseudo-gradients shaped like `State.learned`."""
    pathways: tuple[Pathway, ...] = ()
    """The feedback weights that the signals travelled through, for diagnostics only."""
    scalars: Mapping[str, Float[Array, ""]] = field(default_factory=dict)
    """Numbers to log, averaged over the epoch."""


def refuse_other_shapes(rule: str, layers: Sequence[PyTree], changes: Sequence[PyTree]) -> None:
    """Raises `UsageError` if what a rule answers for each layer is not shaped like the layer.

    Arrays that NumPy would stretch to the weights would train, and teach something else.
    """
    wanted, found = (
        [[*map(jnp.shape, jax.tree.leaves(each))] for each in trees] for trees in (layers, changes)
    )
    for number, (own, told) in enumerate(zip_longest(wanted, found), 1):
        if own != told:
            raise UsageError(
                f"{rule}: credit answers shapes {told} for layer {number}, whose arrays have "
                f"{own}; return pseudo-gradients shaped like the network"
            )


@dataclass(frozen=True)
class Traits:
    """What a rule claims about itself. Each claim is a law, to which the tests hold the rule."""

    transport: Transport
    """What its teaching signals read of the forward weights above."""
    gradient: bool = False
    """Its pseudo-gradients are the loss's gradient."""
    error_driven: bool = True
    """The output error drives it: no error, no change."""
    independent: bool = True
    """Its pseudo-gradient of a batch is the mean of those of its examples."""
    settles: bool = False
    """Its teaching signals come from dynamics of its own, not from one forward pass."""
    derivative_free: bool = False
    """It does not read the derivatives of the hidden layers' activations."""
    memoryless: bool = False
    """Its pseudo-gradients do not depend on minibatches before, but through what it learns."""
    local: bool = False
    """A weight's change depends on the two units that it joins and on the example's label alone."""
    label_free: bool = False
    """Its pseudo-gradients do not depend on labels."""


class Rule(Value):
    """A way of assigning credit to the weights of a network.

    `name` is what the command line, tables and figures call it. The first line of the class's
    docstring is what `apical train --help` says of it.
    """

    recipe: ClassVar[Settings] = Settings()
    """The settings that the rule recommends where a user gives none."""
    space: ClassVar[Space] = ADAM
    """The hyper-parameters that a search varies where it is given no others, with their ranges."""

    @property
    @abstractmethod
    def traits(self) -> Traits:
        """What the rule claims."""

    @abstractmethod
    def init(self, net: Network, batch: Batch, key: PRNGKeyArray) -> State:
        """The state before the first step.

        **Arguments:**

        - `net`: the network that is to be trained.
        - `batch`: shows the shapes of a minibatch. Its values are not to be used.
        - `key`: for what is drawn.

        **Raises:** `UsageError` for a network or a batch size that the rule cannot serve.
        """

    @abstractmethod
    def credit(self, net: Network, state: State, batch: Batch, key: PRNGKeyArray) -> Credit:
        """How the weights should change for this minibatch. Pure, and compiled by the trainer.

        **Arguments:**

        - `net`: the network; where units send samples, one outcome of them (`Network.drawn`).
        - `state`: what `init` made and earlier steps left.
        - `batch`: x of shape (batch, *in_shape) and y of shape (batch, units).
        - `key`: for what is drawn in this step.
        """


class Phase(NamedTuple):
    """A part of a circuit's time, in clocked steps."""

    step: Callable[[Any], Any]
    steps: int


class Dynamics(NamedTuple):
    """What a circuit does with one minibatch, step by step. A moment of it is a pair (units, rest).

    `units` is a tree of arrays (batch, units), and `rest` all else that changes.
    """

    begin: tuple[PyTree, PyTree]
    layers: tuple[int, ...]
    """The layer that each array of `units` belongs to, counted from 1 and in their order."""
    phases: tuple[Phase, ...]
    credit: Callable[[tuple[Any, ...]], Credit]
    """What comes of the moments at the beginning and at the end of each phase."""


class Settling(Rule):
    """A rule whose teaching signals come from dynamics of its own, which it shows.

    Audits look at single steps, and see that all steps together are what `credit` does.
    """

    @abstractmethod
    def dynamics(self, net: Network, state: State, batch: Batch, key: PRNGKeyArray) -> Dynamics:
        """The circuit's own equations on this minibatch; arguments as for `credit`."""
