"""What iterative temporal differencing puts in the place of the activation's derivative."""

from abc import abstractmethod

import equinox as eqx
from jaxtyping import Array, Float

from apical.networks.network import Record
from apical.values.value import Value

Signal = Float[Array, "batch ..."]


class Trace(eqx.Module):
    """What one iteration leaves for the next; rows are paired by their place in the batch."""

    activities: tuple[Signal, ...]
    """h_l of each layer, from the first hidden one to the output p."""
    error: Float[Array, "batch units"]
    """e = (p - y) / m, with p the output activity and m the batch size."""
    incoming: tuple[Signal, ...]
    """B_l delta_{l+1} of each hidden layer, from the input up."""


class Differencing(Value):
    """How a hidden layer's incoming signal s_l = B_l delta_{l+1} becomes its teaching signal."""

    @abstractmethod
    def top(self, record: Record, error: Signal, before: Trace) -> Signal:
        """What is pushed down through the feedback weights beside the signal."""

    @abstractmethod
    def __call__(
        self, layer: int, incoming: Signal, pushed: Signal, record: Record, before: Trace
    ) -> Signal:
        """delta_l, from s_l and what was pushed down to layer l."""


class Subtractive(Differencing):
    """delta_l = s_l - q_l, with q the previous iteration's output error pushed down (ITD)."""

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
    """delta_l = s_l * (h_l(t) - h_l(t-1)); the author's first attempt, October 2017."""

    def top(self, record, error, before):
        return before.error

    def __call__(self, layer, incoming, pushed, record, before):
        return incoming * (record.activities[layer + 1] - before.activities[layer])


class TimesSignal(Differencing):
    """delta_l = s_l * (s_l - q_l), the author's "ITD-dy"."""

    def top(self, record, error, before):
        return before.error

    def __call__(self, layer, incoming, pushed, record, before):
        return incoming * (incoming - pushed)


class TimesOutput(Differencing):
    """delta_l = s_l * B_l ... (p(t) - p(t-1)), the author's "ITD-y"."""

    def top(self, record, error, before):
        return record.output - before.activities[-1]

    def __call__(self, layer, incoming, pushed, record, before):
        return incoming * pushed
