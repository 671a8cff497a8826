"""What a pass goes over: examples in memory, and which of them make up each minibatch."""

import equinox as eqx
import jax
from jaxtyping import Array, Int, PRNGKeyArray

from apical.data.augmentation import Augmentation, Unchanged
from apical.data.preprocessing import Affine
from apical.networks.targets import Label, Target
from apical.rules.rule import Batch


class Minibatches(eqx.Module):
    """The rows of `order`, each a minibatch of raw examples that is made ready within the step."""

    x: Array
    labels: Int[Array, " examples"]
    transform: Affine
    order: Int[Array, "steps size"]
    key: PRNGKeyArray
    """Of the augmentation: the same changes whatever the rule."""
    augmentation: Augmentation = eqx.field(static=True, default=Unchanged())
    target: Target = eqx.field(static=True, default=Label())

    @property
    def draws(self) -> tuple[Int[Array, "steps size"], PRNGKeyArray]:
        """(examples, key) of each minibatch, to scan or to walk over."""
        return self.order, jax.random.split(self.key, len(self.order))

    def batch(self, units: int, rows: Int[Array, " size"], key: PRNGKeyArray) -> Batch:
        """One minibatch as a network of so many output units takes it."""
        x = self.augmentation(self.x[rows], key)
        return as_batch(self.target, units, self.transform, x, self.labels[rows])


def as_batch(
    target: Target, units: int, transform: Affine, x: Array, labels: Int[Array, " batch"]
) -> Batch:
    """Raw examples as a network of so many output units takes them."""
    inputs = transform(x)
    return Batch(inputs, target(inputs, labels, units))
