"""One function a law. A rule is held to each that its traits claim (`conformance`).

All of them take a rule, a network and a batch in float64 and assert.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from apical.feedback import Transport
from apical.networks.activations import Activation
from apical.networks.layers import Layer, StandIn
from apical.networks.layers.pairing import pair
from apical.networks.network import Network, Record
from apical.rules import BP, Batch, Credit, Rule, State

KEY, STEP_KEY = jax.random.split(jax.random.key(7))


@eqx.filter_jit
def compiled(rule: Rule, net: Network, state: State, batch: Batch) -> Credit:
    """Credit as one program, which all calls on the same shapes share, and not one an operation."""
    return rule.credit(net, state, batch, STEP_KEY)


@eqx.filter_jit
def begun(rule: Rule, net: Network, batch: Batch) -> State:
    """What the rule owns at the beginning, as one program: `init` is traced, as training does."""
    return rule.init(net, batch, KEY)


@eqx.filter_jit
def recorded(net: Network, x: jax.Array) -> Record:
    """The forward pass as one program."""
    return net.record(x)


def credit(rule: Rule, net: Network, batch: Batch, state: State | None = None) -> Credit:
    state = begun(rule, net, batch) if state is None else state
    return compiled(rule, net, state, batch)


def warm(rule: Rule, net: Network, batch: Batch) -> State:
    """A state that has seen two minibatches, so that a memory is not empty."""
    state = begun(rule, net, batch)
    for shift in (1, 2):
        other = mapped(lambda a, by=shift: np.roll(a, by, axis=0), batch)
        state = State(state.learned, compiled(rule, net, state, other).kept)
    return state


def mapped(function: Callable[..., np.ndarray], *trees):
    """As `jax.tree.map`, by NumPy: JAX would compile a program for every shape."""
    return jax.tree.map(lambda *leaves: jax.device_put(function(*map(np.asarray, leaves))), *trees)


def leaves(tree) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(tree)]


def assert_close(ours, theirs, rtol=1e-9, atol=1e-12):
    for a, b in zip(leaves(ours), leaves(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)


def largest(tree) -> float:
    return max(float(np.abs(leaf).max()) for leaf in leaves(tree))


def has_the_shape_of_what_it_changes(rule, net, batch):
    """Pseudo-gradients and signals have the structure, shapes and types of what they are for."""
    state = begun(rule, net, batch)
    found = eqx.filter_eval_shape(rule.credit, net, state, batch, STEP_KEY)

    def shapes(tree):
        return jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), tree)

    assert shapes(found.network) == shapes(net)
    assert shapes(found.learned) == shapes(state.learned)
    assert shapes(found.kept) == shapes(state.kept)
    record = eqx.filter_eval_shape(net.record, batch.x)
    assert [s.shape for s in found.signals] == [a.shape for a in record.preactivations]


def is_pure(rule, net, batch):
    """The same call twice gives the same bits, compiled or not the same numbers."""
    state = warm(rule, net, batch)
    first, second = (rule.credit(net, state, batch, STEP_KEY) for _ in range(2))
    for a, b in zip(leaves(first), leaves(second), strict=True):
        np.testing.assert_array_equal(a, b)
    assert_close(credit(rule, net, batch, state), first)


def maps_over_networks(rule, net, batch):
    """Credit of several networks in one call is that of each, as where seeds train together."""
    nets = [net, mapped(lambda leaf: 0.9 * leaf, net)]
    states = [warm(rule, each, batch) for each in nets]
    both = [mapped(lambda *leaves: np.stack(leaves), *each) for each in (nets, states)]
    found = jax.jit(jax.vmap(rule.credit, (0, 0, None, None)))(*both, batch, STEP_KEY)
    for i, (each, state) in enumerate(zip(nets, states, strict=True)):
        ours = [leaf[i] for leaf in leaves(found)]
        assert_close(ours, credit(rule, each, batch, state))


def is_the_gradient(rule, net, batch, step=1e-5):
    """Every pseudo-gradient equals the central difference of the mean loss, to 1e-6."""

    @eqx.filter_jit
    def both(net, batch):
        flat, unflatten = ravel_pytree(net)

        def mean_loss(parameters):
            n = unflatten(parameters)
            return jnp.mean(n.losses(n.record(batch.x), batch.y))

        steps = step * jnp.eye(flat.size)
        central = jax.vmap(lambda d: (mean_loss(flat + d) - mean_loss(flat - d)) / (2 * step))
        return ravel_pytree(credit(rule, net, batch).network)[0], central(steps)

    found, differences = both(net, batch)
    assert largest(found) > 1e-2
    np.testing.assert_allclose(found, differences, rtol=1e-6, atol=1e-8)


def averages_over_examples(rule, net, batch):
    """The pseudo-gradient of a batch is the mean of those of its examples."""
    state = warm(rule, net, batch)
    together = credit(rule, net, batch, state).network
    alone = [
        credit(rule, net, mapped(lambda a, i=i: a[i : i + 1], batch), state).network
        for i in range(len(batch.x))
    ]
    mean = mapped(lambda *each: sum(each) / len(each), *alone)
    assert largest(together) > 1e-3
    assert_close(together, mean)


def rests_when_satisfied(rule, net, batch):
    """Zero output error gives zero credit; any other error does not."""
    assert largest(credit(rule, net, batch).network) > 1e-3
    met = Batch(batch.x, recorded(net, batch.x).output)
    change = largest(credit(rule, net, met).network)
    assert change < 1e-12, f"weights change by {change:.3g} where the output meets the target"


def transports_what_it_claims(rule, net, batch):
    """With recorded activity held, hidden teaching signals depend on the downstream
    forward weights as far as the rule claims and no further."""
    state = warm(rule, net, batch)
    record = recorded(net, batch.x)

    def signals(change):
        held = Network(
            tuple(
                Held.of(layer, mapped(change, layer.weight), a)
                for layer, a in zip(net.layers, record.preactivations, strict=True)
            ),
            net.loss,
        )
        return credit(rule, held, batch, state).signals[:-1]

    same = signals(lambda w: w)
    assert_close(same, credit(rule, net, batch, state).signals[:-1])
    rescaled = signals(lambda w: w * np.linspace(0.2, 3.0, w.size).reshape(w.shape))
    replaced = signals(lambda w: np.roll(-w, 1, axis=0))
    moved = {
        "magnitudes": _moved(same, rescaled),
        "signs": _moved(same, replaced),
    }
    claimed = rule.traits.transport
    assert moved["magnitudes"] == (claimed is Transport.WEIGHTS), moved
    assert moved["signs"] == (claimed is not Transport.NONE), moved


def equals_bp(rule, net, batch, state=None, rtol=1e-9):
    """The rule's pseudo-gradients and signals are backpropagation's."""
    ours, theirs = credit(rule, net, batch, state), credit(BP(), net, batch)
    assert largest(theirs.network) > 1e-3
    assert_close(ours.network, theirs.network, rtol=rtol)
    assert_close(ours.signals, theirs.signals, rtol=rtol)


class Held(StandIn):
    """A layer that gives the recorded preactivation but transports with its own weights."""

    weight: jax.Array
    bias: jax.Array | None
    in_shape: tuple[int, ...] = eqx.field(static=True)
    activation: Activation = eqx.field(static=True)
    original: Layer
    recorded: jax.Array

    @classmethod
    def of(cls, layer: Layer, weight: jax.Array, recorded: jax.Array) -> "Held":
        return cls(weight, layer.bias, layer.in_shape, layer.activation, layer, recorded)

    def preactivation(self, x):
        a = self.original.with_weight(self.weight).preactivation(x)
        return a - jax.lax.stop_gradient(a) + self.recorded


@pair.register
def _(layer: Held, change, x, post) -> Held:
    """A held layer joins the units that its original joins."""
    changed = pair(layer.original, change, x, post)
    return eqx.tree_at(
        lambda l: (l.weight, l.bias), layer, (changed.weight, changed.bias),
        is_leaf=lambda leaf: leaf is None,
    )  # fmt: skip


def _moved(before, after) -> bool:
    return any(not np.allclose(a, b, rtol=1e-9) for a, b in zip(before, after, strict=True))
