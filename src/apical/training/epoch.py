"""One epoch as one compiled program: a `lax.scan` over minibatches."""

from collections.abc import Callable
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from apical.network import Network
from apical.rules.rule import Batch, Rule, State
from apical.targets import decode, encode

Transform = Callable[[Array], Array]


class Carry(eqx.Module):
    """All that goes from one step to the next."""

    net: Network
    state: State
    optimizer: PyTree
    learned_optimizer: PyTree


class Keys(eqx.Module):
    """Independent streams of randomness of one seed, so that every rule of a
    comparison meets the same initial weights and the same data order."""

    net: PRNGKeyArray
    rule: PRNGKeyArray
    order: PRNGKeyArray
    step: PRNGKeyArray

    @classmethod
    def of(cls, seed: int) -> "Keys":
        return cls(*jax.random.split(jax.random.key(seed), 4))


def start(net: Network, state: State, optimizer: optax.GradientTransformation) -> Carry:
    """The carry before the first step."""
    return Carry(net, state, optimizer.init(net), optimizer.init(state.learned))


def as_batch(units: int, transform: Transform, x: Array, labels: Int[Array, " batch"]) -> Batch:
    """Raw examples as a network of so many output units takes them."""
    return Batch(transform(x), encode(labels, units))


def update(
    rule: Rule,
    optimizer: optax.GradientTransformation,
    carry: Carry,
    batch: Batch,
    key: PRNGKeyArray,
) -> tuple[Carry, dict[str, Float[Array, ""]]]:
    """One step: credit from the rule, changes by the optimizer."""
    net, state = carry.net, carry.state
    credit = rule.credit(net, state, batch, key)
    changes, opt = optimizer.update(credit.network, carry.optimizer, net)
    learned, learned_opt = state.learned, carry.learned_optimizer
    if jax.tree.leaves(learned):
        steps, learned_opt = optimizer.update(credit.learned, learned_opt, learned)
        learned = optax.apply_updates(learned, steps)
    # The compiler shares this forward pass with the rule's own.
    record = net.record(batch.x)
    metrics = {
        "train_loss": jnp.mean(net.losses(record, batch.y)),
        "train_accuracy": jnp.mean(decode(record.output) == decode(batch.y)),
        **credit.scalars,
    }
    state = State(learned, credit.kept)
    return Carry(optax.apply_updates(net, changes), state, opt, learned_opt), metrics


@partial(jax.jit, static_argnames=("rule", "optimizer"), donate_argnames="carry")
def run_epoch(
    carry: Carry,
    transform: Transform,
    x: Array,
    labels: Int[Array, " examples"],
    order: Int[Array, "steps size"],
    key: PRNGKeyArray,
    *,
    rule: Rule,
    optimizer: optax.GradientTransformation,
) -> tuple[Carry, dict[str, Float[Array, " steps"]]]:
    """The minibatches whose examples `order` lists, and each step's metrics."""

    def step(carry: Carry, inputs):
        indices, key = inputs
        batch = as_batch(carry.net.units, transform, x[indices], labels[indices])
        return update(rule, optimizer, carry, batch, key)

    return jax.lax.scan(step, carry, (order, jax.random.split(key, order.shape[0])))
