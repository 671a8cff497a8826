"""Learning without labels: the learner that the trainer is given for a generative model."""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Int, PRNGKeyArray, PyTree

from apical.diagnostics.inversion import FEW, agreement, contraction
from apical.errors import UsageError
from apical.generative.inference import ascent, log_joint
from apical.generative.latent_model import LatentModel, Step
from apical.generative.stack import Hidden, Stack, Visible
from apical.generative.stages import scaled
from apical.runs.score import Score
from apical.settings import Unsupervised
from apical.training.learner import Learner
from apical.values.spelling import spell

LOG_JOINT = Score("log joint")
"""The mean of log p(x, h) with h inferred, up to a constant."""
ONCE = ((None,),)
"""One pass, and one turn a minibatch."""


class Carry(eqx.Module):
    """What is learned, its optimizer's state, and how many steps it has taken."""

    stack: PyTree
    """A `Stack`, or what a model makes one of."""
    optimizer: PyTree
    steps: Int[Array, ""]


@dataclass(frozen=True)
class Inferring(Learner):
    """A model that learns from what it infers. The score is the mean of log p(x, h)."""

    model: LatentModel
    settings: Unsupervised
    optimizer: optax.GradientTransformation
    steps_per_epoch: int

    @property
    def about(self):
        return {"model": self.model.name, "spelled": spell(self.model)}

    @property
    def remedy(self):
        return (
            f"lower lr (now {self.settings.lr:g}), or the encoders' rates where the model has "
            "stages, or set clip_norm"
        )

    @property
    def bound_to_epochs(self):
        return self.settings.schedule.bound_to_epochs

    def metric(self, split):
        return LOG_JOINT.metric(split)

    def check(self, examples):
        x, visible = np.asarray(examples.x), self.model.visible
        if x.min() < visible.lowest or x.max() > visible.highest:
            raise UsageError(
                f"visible: a decoder of {spell(visible)} gives numbers from {visible.lowest:g} to "
                f"{visible.highest:g}, and the inputs go from {x.min():g} to {x.max():g}; use "
                "visible identity, or a preprocessing that brings them there, as scale:255 does "
                "for bytes"
            )

    def start(self, examples, keys):
        stack = self.model.create(math.prod(examples.x.shape[1:]), keys.net)
        return Carry(stack, self.optimizer.init(stack), jnp.zeros((), jnp.int32))

    def plan(self, carry):
        return ONCE

    def step(self, turn, carry, examples, key):
        """Infer, corrupt, and change every map by what it learns of that."""
        model, learned, x = self.model, carry.stack, flat(examples.x)
        rates = model.rates(Step(carry.steps, self.steps_per_epoch))
        h, found = model.learn(learned, x, rates, key)
        changes, optimizer = self.optimizer.update(found.gradients, carry.optimizer, learned)
        moved = optax.apply_updates(learned, changes if rates is None else scaled(changes, rates))
        metrics = {
            "train_loss": found.loss,
            self.metric("train"): jnp.mean(log_joint(model.maps(learned), x, h)),
        }
        return Carry(moved, optimizer, carry.steps + 1), metrics

    def after_epoch(self, carry):
        return carry

    def parameters(self, carry):
        return carry.stack

    def answer(self, parameters, x):
        """h after inference."""
        return self.model.infer(self.model.maps(parameters), flat(x))

    def tally(self, parameters, examples, mask):
        """Sums of log p(x, h), and of the squared error of decoding the top, per input."""
        x, stack = flat(examples.x), self.model.maps(parameters)
        h = self.model.infer(stack, x)
        missed = jnp.mean((x - stack.decode(h[-1])) ** 2, axis=1)
        return {
            "log_joint": jnp.sum(mask * log_joint(stack, x, h))[None],
            "reconstruction": jnp.sum(mask * missed)[None],
        }

    def grade(self, tallies, split, count):
        names = (self.metric(split), f"{split}_reconstruction")
        if not count:
            return dict.fromkeys(names, math.nan)
        sums = (tallies["log_joint"], tallies["reconstruction"])
        return {n: sum(map(float, s)) / count for n, s in zip(names, sums, strict=True)}

    def bytes_per_example(self, parameters):
        # Each step of inference holds every layer, what is decoded and what is encoded again.
        stack = jax.eval_shape(self.model.maps, parameters)
        return 4 * sum(stack.units) * stack.encoders[0].weight.dtype.itemsize

    def diagnose(self, carry, examples, key):
        """log p(x, h) along inference, as the model has it traced; for each layer, its
        mean activity and how well its decoder inverts its encoder (`diagnostics.inversion`)."""
        x, stack = flat(examples.x), self.model.maps(carry.stack)
        rises, means = _trace(stack, x, model=self.model)
        inversion = _inversion(stack, x[:FEW], key, model=self.model)
        return {
            "inference": {"log_joint": np.asarray(rises, float).tolist()},
            "activity": np.asarray(means, float).tolist(),
            "inversion": {
                name: np.asarray(values, float).tolist() for name, values in inversion.items()
            },
        }

    def diagnosing(self, carry, examples, key):
        x, stack = flat(examples.x), jax.eval_shape(self.model.maps, carry.stack)
        return [
            _trace.lower(stack, x, model=self.model),
            _inversion.lower(stack, x[:FEW], key, model=self.model),
        ]

    def sizes(self, carry):
        return _sizes(self.model.maps(carry.stack))

    def sizes_within(self, carry, examples, key):
        h = self.answer(carry.stack, examples.x)
        inferred = {f"h_{l}": jnp.max(jnp.abs(a)) for l, a in enumerate(h, start=1)}
        return self.sizes(carry) | inferred


def flat(x: Any) -> Any:
    """Examples as rows."""
    return x.reshape(len(x), math.prod(x.shape[1:]))


@partial(jax.jit, static_argnames="model")
def _trace(stack: Stack, x: Visible, *, model: LatentModel) -> tuple[Array, Array]:
    rises = [ascent(stack, x, by) for by in model.traced]
    h: Hidden = model.infer(stack, x)
    return jnp.array(rises), jnp.array([jnp.mean(a) for a in h])


@partial(jax.jit, static_argnames="model")
def _inversion(
    stack: Stack, x: Visible, key: PRNGKeyArray, *, model: LatentModel
) -> dict[str, Array]:
    """Means over examples, at the inferred h; a number for each layer in each.

    Examples at which the gradient is zero have no cosine.
    """
    h = model.infer(stack, x)
    keys = jax.random.split(key, len(h))
    layers = list(zip(stack.encoders, stack.decoders, (x, *h[:-1]), h, strict=True))
    values = [contraction(*each, k) for each, k in zip(layers, keys, strict=True)]
    cosines, scales = zip(*(agreement(*each) for each in layers), strict=True)
    named = {"eigenvalue": values, "cosine": cosines, "scale": scales}
    return {name: jnp.array([jnp.nanmean(a) for a in each]) for name, each in named.items()}


@jax.jit
def _sizes(stack: Stack) -> dict[str, Array]:
    """The largest magnitude in the weights and biases of each map."""
    return {
        f"{letter}_{l}'s weights": jnp.max(
            jnp.array([jnp.max(jnp.abs(leaf)) for leaf in jax.tree.leaves(layer)])
        )
        for letter, layers in (("f", stack.encoders), ("g", stack.decoders))
        for l, layer in enumerate(layers, start=1)
    }
