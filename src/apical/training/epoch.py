"""One pass over the data as one compiled program: a `lax.scan` over minibatches."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from apical.networks.network import Network
from apical.networks.targets import Target
from apical.rules.rule import Batch, Rule, State
from apical.training.minibatches import Minibatches
from apical.training.optimizer import Optimizers
from apical.training.turns import Pass, Turn


class Carry(eqx.Module):
    """All that goes from one step to the next."""

    net: Network
    state: State
    optimizer: PyTree
    learned_optimizer: PyTree


class Keys(eqx.Module):
    """Independent streams of randomness of one seed, so that every rule of a
    comparison meets the same initial weights and the same data in the same order."""

    net: PRNGKeyArray
    rule: PRNGKeyArray
    order: PRNGKeyArray
    step: PRNGKeyArray
    augmentation: PRNGKeyArray

    @classmethod
    def of(cls, seed: int) -> "Keys":
        return cls(*jax.random.split(jax.random.key(seed), 5))


def start(net: Network, state: State, optimizers: Optimizers) -> Carry:
    """The carry before the first step."""
    return Carry(net, state, optimizers.network.init(net), optimizers.learned.init(state.learned))


def update(
    rule: Rule,
    optimizers: Optimizers,
    target: Target,
    turn: Turn,
    carry: Carry,
    batch: Batch,
    key: PRNGKeyArray,
) -> tuple[Carry, dict[str, Float[Array, ""]]]:
    """One turn: credit from the rule, changes by the optimizers.

    A turn of what the rule learns reports its loss alone, so that nothing is computed for numbers
    that the network's turn then has.
    """
    net, opt = carry.net, carry.optimizer
    learned, learned_opt = carry.state.learned, carry.learned_optimizer
    drawn = net.drawn(key)
    credit = rule.credit(drawn, carry.state, batch, key)
    # The compiler shares this forward pass with the rule's own.
    record = drawn.record(batch.x)
    metrics = {"train_loss": jnp.mean(net.losses(record, batch.y))}
    if turn.network:
        examples = len(batch.y)
        tally = target.tally(record.output, batch.y, jnp.ones(examples, bool))
        metrics |= {target.metric("train"): target.grade(tally, examples), **credit.scalars}
        changes, opt = optimizers.network.update(credit.network, opt, net)
        net = optax.apply_updates(net, changes)
    if turn.learned and jax.tree.leaves(learned):
        changes, learned_opt = optimizers.learned.update(credit.learned, learned_opt, learned)
        learned = optax.apply_updates(learned, changes)
    return Carry(net, State(learned, credit.kept), opt, learned_opt), metrics


@partial(jax.jit, static_argnames=("rule", "optimizers", "turns"), donate_argnames="carry")
def run_pass(
    carry: Carry,
    minibatches: Minibatches,
    key: PRNGKeyArray,
    *,
    rule: Rule,
    optimizers: Optimizers,
    turns: Pass,
) -> tuple[Carry, dict[str, Float[Array, " steps"]]]:
    """Every minibatch in its turns, and the metrics of each one's last."""

    def step(carry: Carry, inputs):
        drawn, keys = inputs
        batch = minibatches.batch(carry.net.units, *drawn)
        for turn, key in zip(turns, keys, strict=True):
            carry, metrics = update(rule, optimizers, minibatches.target, turn, carry, batch, key)
        return carry, metrics

    keys = step_keys(key, len(minibatches.order), turns)
    return jax.lax.scan(step, carry, (minibatches.draws, keys))


def step_keys(key: PRNGKeyArray, steps: int, turns: Pass) -> PRNGKeyArray:
    """A key for each turn of each minibatch of a pass."""
    return jax.random.split(key, (steps, len(turns)))
