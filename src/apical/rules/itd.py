"""Iterative temporal differencing: the last iteration's error takes the derivative's place."""

from abc import abstractmethod
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from apical.data.preprocessing import Centre
from apical.errors import UsageError
from apical.feedback import Feedback, FixedRandom
from apical.networks.initialisers import FanIn
from apical.networks.layers import Fc
from apical.networks.network import Network, Record
from apical.rules.rule import Batch, Credit, Rule, State, Traits
from apical.rules.sweep import layer_by_layer
from apical.settings import Settings
from apical.values.ranges import Log, Space
from apical.values.value import Value

Signal = Float[Array, "batch ..."]


class Trace(eqx.Module):
    """What an iteration leaves for the next one, which pairs rows by their place in the batch."""

    activities: tuple[Signal, ...]
    """h_l of each layer, from the first hidden one to the output p."""
    error: Float[Array, "batch units"]
    """e = (p - y) / m, with p the output activity and m the batch size."""
    incoming: tuple[Signal, ...]
    """s_l = B_l delta_{l+1} of each hidden layer, from the input up."""


class Differencing(Value):
    """How a hidden layer's incoming signal s_l = B_l delta_{l+1} becomes its teaching signal."""

    @abstractmethod
    def top(self, record: Record, error: Signal, before: Trace) -> Signal:
        """q_L, a second signal of the output layer. It is led down through the same weights, to
        q_l = B_l q_{l+1}."""

    @abstractmethod
    def __call__(
        self, layer: int, incoming: Signal, pushed: Signal, record: Record, before: Trace
    ) -> Signal:
        """delta_l of the hidden layer at an index, from s_l (`incoming`) and q_l (`pushed`)."""


class Subtractive(Differencing):
    """delta_l = s_l - q_l, where q_L is the output error of the iteration before (ITD)."""

    def top(self, record, error, before):
        return before.error

    def __call__(self, layer, incoming, pushed, record, before):
        return incoming - pushed


class LocalMemory(Differencing):
    """delta_l = s_l(t) - s_l(t-1): each layer remembers the signal that it received last."""

    def top(self, record, error, before):
        return before.error

    def __call__(self, layer, incoming, pushed, record, before):
        return incoming - before.incoming[layer]


class TimesActivity(Differencing):
    """delta_l = s_l * (h_l(t) - h_l(t-1)), the author's first attempt of October 2017."""

    def top(self, record, error, before):
        return before.error

    def __call__(self, layer, incoming, pushed, record, before):
        return incoming * (record.activities[layer + 1] - before.activities[layer])


class TimesSignal(Differencing):
    """delta_l = s_l * (s_l - q_l) with q_L = e(t-1), the author's "ITD-dy"."""

    def top(self, record, error, before):
        return before.error

    def __call__(self, layer, incoming, pushed, record, before):
        return incoming * (incoming - pushed)


class TimesOutput(Differencing):
    """delta_l = s_l * q_l with q_L = p(t) - p(t-1), the author's "ITD-y"."""

    def top(self, record, error, before):
        return record.output - before.activities[-1]

    def __call__(self, layer, incoming, pushed, record, before):
        return incoming * pushed


class ITD(Rule):
    """Iterative temporal differencing: the last iteration's error takes the derivative's place.

    delta_l = B_l delta_{l+1} - q_l with q_l = B_l q_{l+1}, from q_L = e(t-1).

    e(t) = (p - y) / m is the output error of iteration t with a minibatch of m, and e(0) = 0. The
    output layer has delta_L = e(t) (the paper's MCE) or, with `difference_output`, e(t) - e(t-1)
    (its LSE, trained with squared error on softmax outputs). Let k count hidden layers from the
    top. Then delta_l is e(t) - k e(t-1) for MCE and e(t) - (k + 1) e(t-1) for LSE, led down through
    the feedback weights.

    Rows of two different minibatches are paired by their place, so the batch size must not change:
    another one is a `UsageError`. `differencing` holds the author's variants.

    Source: Dargazany & Mankodiya 2018, and the author's notebooks of October 2017.
    """

    name = "itd"
    recipe = Settings(
        hidden=(Fc(32),) * 3,
        init=FanIn(),
        preprocessing=Centre(per_split=True),
        optimizer="sgd",
        lr=0.01,
        epochs=50,
        steps_per_epoch=100,
    )
    space: ClassVar[Space] = {"lr": Log(1e-3, 1.0)}
    difference_output: bool = False
    """Difference the output error too (LSE)."""
    differencing: Differencing = Subtractive()
    """What takes the derivative's place; the paper's is subtractive."""
    feedback: Feedback = FixedRandom(FanIn())
    """What weights the signals travel through."""

    @property
    def traits(self) -> Traits:
        return Traits(
            transport=self.feedback.transport,
            error_driven=False,
            independent=False,
            derivative_free=True,
        )

    def init(self, net: Network, batch: Batch, key: PRNGKeyArray) -> State:
        record = net.record(batch.x)
        above = record.activities[1:]
        before = Trace(above, record.output, above[:-1])
        nothing = jax.tree.map(jnp.zeros_like, before)
        return State(kept=(self.feedback.init(net, key), nothing))

    def credit(self, net: Network, state: State, batch: Batch, key: PRNGKeyArray) -> Credit:
        kept, before = state.kept
        if before.error.shape[0] != batch.x.shape[0]:
            raise UsageError(
                f"itd: pairs the rows of successive batches, so their size is fixed at the first "
                f"one's {before.error.shape[0]}; got a batch of {batch.x.shape[0]}"
            )
        record = net.record(batch.x)
        # The 1/m is the author's; variants that are not linear in the error feel it.
        size = batch.x.shape[0]
        error = (record.output - batch.y) / size
        feedback = self.feedback.layers(net, kept, key)

        signals = [error - before.error if self.difference_output else error]
        pushed = self.differencing.top(record, error, before)
        incoming: list[Signal] = []
        for l, back in reversed(list(enumerate(feedback))):
            incoming.insert(0, back.pull(signals[0]))
            pushed = back.pull(pushed)
            signals.insert(0, self.differencing(l, incoming[0], pushed, record, before))
        per_example = tuple(size * signal for signal in signals)
        return Credit(
            net.gradients(record, per_example),
            per_example,
            kept=(kept, Trace(record.activities[1:], error, tuple(incoming))),
            pathways=layer_by_layer(feedback),
        )
