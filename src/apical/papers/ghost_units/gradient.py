"""How far a trained circuit's gradient is from backpropagation's."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import PyTree

from apical.networks.network import Network
from apical.reproduce.examination import Examination
from apical.rules import BP, Batch, Rule, State
from apical.training.reload import reload_carries


@dataclass(frozen=True)
class GradientError(Examination):
    """sqrt(sum |g - d|^2 / sum |d|^2) over the first training images, one minibatch at a time.

    d is backpropagation's gradient of a minibatch and g the one that the rule's teaching signals
    stand for, in the first hidden layer, in the output layer, and in all of them together. An
    image that is learned to the last digit has hardly any gradient, so a mean over images of their
    own relative errors would show rounding.
    """

    images: int = 500

    @property
    def name(self):
        return "gradient"

    def examine(self, run, root):
        task, carries = reload_carries(run)
        (carry,) = carries.values()
        images = task.batches(self.images)
        return relative_errors(task.rule, carry.net, carry.state.kept, images)


def relative_errors(rule: Rule, net: Network, kept: PyTree, batches: Batch) -> dict[str, float]:
    """The relative errors of `GradientError`; `kept` is what the rule kept before these batches."""

    def step(kept, batch: Batch):
        credit = rule.credit(net, State(kept=kept), batch, jax.random.key(0))
        exact = BP().credit(net, State(), batch, jax.random.key(0))
        ours = net.gradients(net.record(batch.x), credit.signals)
        return credit.kept, (_apart(ours, exact.network), _apart(exact.network))

    _, (off, length) = jax.jit(lambda: jax.lax.scan(step, kept, batches))()
    off, length = jnp.sum(off, axis=0), jnp.sum(length, axis=0)
    return {
        "hidden": float(jnp.sqrt(off[0] / length[0])),
        "output": float(jnp.sqrt(off[-1] / length[-1])),
        "all": float(jnp.sqrt(jnp.sum(off) / jnp.sum(length))),
    }


def _apart(a: Network, b: Network | None = None) -> jax.Array:
    """|a_l - b_l|^2 of each layer, |a_l|^2 without b."""
    difference = a if b is None else jax.tree.map(jnp.subtract, a, b)
    return jnp.stack([jnp.sum(layer.weight**2) for layer in difference.layers])
