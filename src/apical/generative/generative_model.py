"""A trained generative model: a stack with all that it takes to use it."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from apical.data import Dataset
from apical.data.preprocessing import Affine
from apical.errors import LARGEST, UsageError, at_least_one, fit_for_a_seed
from apical.generative.inference import Inference, log_joint
from apical.generative.kept_prior import fitted_once
from apical.generative.latent_model import LatentModel
from apical.generative.learner import flat
from apical.generative.sampling import Prior, complete, refine
from apical.generative.stack import Stack
from apical.runs.precision import full_precision
from apical.training.memory import Bytes, refuse
from apical.values.spelling import spell
from apical.values.value import read

CHUNK = 1000
"""Examples at once."""
ROUNDS = 10
"""Rounds of inference that one program takes; between two of them a Ctrl-C is heard."""


@dataclass(frozen=True, eq=False)
class GenerativeModel:
    """Infers, samples and completes examples. It takes raw ones, and gives preprocessed ones: of
    images, 0 is black and 1 is white.

    !!! example

        >>> import apical
        >>> data = apical.load("digits")
        >>> model = apical.IteratedTargetProp((20, 5)).fit(data, epochs=1).models[0]
        >>> [h.shape for h in model.infer(data.test.x[:4])]
        [(4, 20), (4, 5)]
        >>> upper = np.arange(8)[:, None].repeat(8, axis=1) < 4
        >>> model.inpaint(data.test.x[:4], upper).shape
        (4, 8, 8)
    """

    model: LatentModel
    stack: Stack
    epoch: int
    """The epoch after which it is."""
    data: Dataset
    """What it was trained on."""
    transform: Affine
    kept_in: Path | None = None
    """A folder that keeps the prior, for a model that was read from a run's."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of an example."""
        return self.data.shape

    @cached_property
    def prior(self) -> Prior:
        """Independent Gaussians with the moments of the inferred h_L over the training set."""
        if self.kept_in is None:
            return self._fitted_prior()
        units = self.stack.units[-1]
        return fitted_once(self.kept_in, self._fingerprint(), units, self._fitted_prior)

    def _fitted_prior(self) -> Prior:
        raw, top = self.data.train.x, partial(_top, self.stack, model=self.model)
        tops = np.asarray(_in_chunks(top, self.rows(raw)), float)
        return Prior(jnp.asarray(tops.mean(axis=0), float), jnp.asarray(tops.var(axis=0), float))

    def _fingerprint(self) -> int:
        """Of all that the prior follows from: model, weights, and examples as they are read."""
        leaves = jax.tree.leaves((self.stack, self.transform))
        crc = zlib.crc32(spell(self.model).encode())
        for array in map(np.ascontiguousarray, (self.data.train.x, *leaves)):
            crc = zlib.crc32(array.data, zlib.crc32(f"{array.dtype}{array.shape}".encode(), crc))
        return crc

    def infer(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        """h_1 to h_L of raw examples, shape (examples, *shape), after inference.

        Raises `UsageError` for examples of another shape.
        """
        found = _in_chunks(partial(_infer, self.stack, model=self.model), self.rows(x))
        return tuple(found)

    def log_joint(self, x: np.ndarray) -> Float[np.ndarray, " examples"]:
        """log p(x, h) of raw examples after inference, up to a constant."""
        return _in_chunks(partial(_log_joint, self.stack, model=self.model), self.rows(x))

    def sample(
        self,
        count: int,
        *,
        seed: int = 0,
        rounds: int = 3,
        alpha: float = 0.3,
        steps: int | None = None,
        variance_factor: float = 4.0,
    ) -> Float[np.ndarray, "count ..."]:
        """Samples: h_L from the prior, decoded down to x, and then rounds of inference.

        **Arguments:**

        - `count`: how many; with the same seed, the first ones of more are the same.
        - `rounds`: how often h is inferred from x, and x decoded again from h_1. With none this is
          ancestral sampling.
        - `alpha`: of inference in the rounds.
        - `steps`: of inference in each round; None: as in training.
        - `variance_factor`: the prior's variances are multiplied by it.

        **Raises:** `UsageError` for numbers out of bounds.
        """
        count, seed, rounds = (
            read(int, given, name)
            for given, name in ((count, "count"), (seed, "seed"), (rounds, "rounds"))
        )
        at_least_one(count=count)
        fit_for_a_seed(seed=seed)
        _not_negative(rounds=rounds, alpha=alpha, variance_factor=variance_factor)
        inputs = self.stack.units[0]
        samples = 4 * count * inputs
        refuse(Bytes(samples, samples), "lower count", what="count: so many samples")
        by = self.model.inference._replace(alpha=float(alpha))
        if steps is not None:
            by = by._replace(steps=read(int, steps, "steps"))
            at_least_one(steps=by.steps)
        key, factor = jax.random.key(seed), float(variance_factor)

        def draw(which: np.ndarray) -> Array:
            x = _decoded(self.stack, self.prior, key, which, factor)
            return _in_turns(partial(_refine, self.stack, by=by), x, rounds)

        return _finite(_in_chunks(draw, np.arange(count)).reshape(count, *self.shape), by)

    def inpaint(
        self,
        x: np.ndarray,
        known: np.ndarray,
        *,
        seed: int = 0,
        rounds: int = 20,
        alpha: float | None = None,
    ) -> Float[np.ndarray, "examples ..."]:
        """Raw examples, preprocessed, with what is not known filled in; what is known stays.

        **Arguments:**

        - `x`: raw examples, (examples, *shape).
        - `known`: True where x is known, of the shape of x or of one example.
        - `seed`: of the noise, uniform between 0 and 1, that missing values start from.
        - `rounds`: how often h is inferred and the missing values are decoded from it.
        - `alpha`: of inference; None: as in training.

        **Raises:** `UsageError` for examples or a mask of another shape.
        """
        rows, mask = self.rows(x), np.asarray(known)
        seed, rounds = read(int, seed, "seed"), read(int, rounds, "rounds")
        alpha = self.model.inference.alpha if alpha is None else float(alpha)
        fit_for_a_seed(seed=seed)
        _not_negative(rounds=rounds, alpha=alpha)
        if mask.dtype != bool or mask.shape not in (self.shape, np.shape(x)):
            raise UsageError(
                f"known: must be True or False for each of {self.shape} values, got "
                f"{mask.dtype} of shape {mask.shape}"
            )
        masks = np.broadcast_to(mask, np.shape(x)).reshape(rows.shape)
        noise = np.asarray(jax.random.uniform(jax.random.key(seed), rows.shape))
        start = np.where(masks, rows, noise.astype(rows.dtype))
        by = self.model.inference._replace(alpha=alpha)

        def fill(x: np.ndarray, known: np.ndarray) -> Array:
            return _in_turns(partial(_complete, self.stack, known=known, by=by), x, rounds)

        return _finite(_in_chunks(fill, start, masks).reshape(np.shape(x)), by)

    def rows(self, x: np.ndarray) -> np.ndarray:
        """Raw examples as preprocessed rows. Raises `UsageError` for those of another shape."""
        if np.shape(x)[1:] != self.shape or not np.ndim(x):
            raise UsageError(
                f"x: must be raw examples of shape (n, {', '.join(map(str, self.shape))}), got "
                f"{np.shape(x)}"
            )
        return np.asarray(flat(self.transform(x)))


def _finite(examples: np.ndarray, by: Inference) -> np.ndarray:
    """The examples. Raises `UsageError` if inference has left all bounds."""
    if lost := sum(not np.isfinite(example).all() for example in examples):
        raise UsageError(
            f"alpha: steps of {by.alpha:g} lead {lost} of {len(examples)} examples to numbers that "
            "are not finite; give a smaller one"
        )
    return examples


def _not_negative(**given: float) -> None:
    for name, number in given.items():
        if not 0 <= number <= LARGEST:
            raise UsageError(f"{name}: must be 0 or more and finite, got {number}")


@full_precision()
def _in_chunks(function: Callable, *arrays: np.ndarray):
    """A function of rows, some at a time; the last are filled up so that all chunks are alike."""
    count = len(arrays[0])
    size = min(CHUNK, max(count, 1))
    found = []
    for begin in range(0, max(count, 1), size):
        parts = [np.asarray(a[begin : begin + size]) for a in arrays]
        short = size - len(parts[0])
        padded = [np.pad(p, [(0, short)] + [(0, 0)] * (p.ndim - 1)) for p in parts]
        kept = size - short
        found.append(jax.tree.map(lambda a, kept=kept: np.asarray(a)[:kept], function(*padded)))
    return jax.tree.map(lambda *parts: np.concatenate(parts), *found)


def _in_turns(program: Callable[..., Array], x: Any, rounds: int) -> Any:
    """x after so many rounds of a program, some of them at a time."""
    for begin in range(0, rounds, ROUNDS):
        x = jax.block_until_ready(program(x, rounds=min(ROUNDS, rounds - begin)))
    return x


@partial(jax.jit, static_argnames="model")
def _infer(stack: Stack, x: Array, *, model: LatentModel) -> tuple[Array, ...]:
    return model.infer(stack, x)


@partial(jax.jit, static_argnames="model")
def _top(stack: Stack, x: Array, *, model: LatentModel) -> Array:
    return model.infer(stack, x)[-1]


@partial(jax.jit, static_argnames="model")
def _log_joint(stack: Stack, x: Array, *, model: LatentModel) -> Array:
    return log_joint(stack, x, model.infer(stack, x))


@jax.jit
def _decoded(stack: Stack, prior: Prior, key, which, factor) -> Array:
    return stack.decode(prior.draw(key, which, factor))


@partial(jax.jit, static_argnames="by")
def _refine(stack: Stack, x: Array, *, rounds: int, by: Inference) -> Array:
    return refine(stack, x, rounds, by)


@partial(jax.jit, static_argnames="by")
def _complete(stack: Stack, x: Array, *, known: Array, rounds: int, by: Inference) -> Array:
    return complete(stack, x, known, rounds, by)
