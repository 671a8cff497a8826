"""Stages of a training: how fast each map learns, and from how much noise, by epochs."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from apical.errors import LARGEST, UsageError
from apical.generative.stack import Stack
from apical.networks.layers import Layer
from apical.values.value import Value


class Stage(Value):
    """What holds from an epoch on: `from:EPOCH,F-RATES,G-RATES,F-NOISE,G-NOISE`."""

    name = "stage"
    number = "from"

    @property
    @abstractmethod
    def epoch(self) -> int:
        """How many epochs are over when it begins."""

    @property
    @abstractmethod
    def lists(self) -> dict[str, tuple[float, ...]]:
        """What `Rates` holds, each a number for each layer or one for all."""


class From(Stage):
    """From an epoch on. Each list holds a number for each map from below, or one for all of them.

    **Arguments:**

    - `epoch`: how many epochs are over when it begins.
    - `encoder_rates`, `decoder_rates`: of f_1, ..., f_L and g_1, ..., g_L, as parts of `lr`.
    - `encoder_noise`: standard deviation of the Gaussian noise on what f_1, ..., f_L read.
    - `decoder_noise`: the same of g_1, ..., g_{L-1}; g_L reads samples of its binary units.

    !!! example

        >>> From(3, encoder_rates=(0.1, 3.0)).encoder_rates
        (0.1, 3.0)
    """

    epoch: int = 0
    encoder_rates: tuple[float, ...] = (0.1,)
    decoder_rates: tuple[float, ...] = (1.0,)
    encoder_noise: tuple[float, ...] = (0.5,)
    decoder_noise: tuple[float, ...] = (0.5,)

    def __check_init__(self):
        if self.epoch < 0:
            raise UsageError(f"epoch of from: must be 0 or more, got {self.epoch}")
        for name, numbers in self.lists.items():
            if not numbers or not all(0 <= number <= LARGEST for number in numbers):
                raise UsageError(f"{name} of from: must be numbers of 0 or more, got {numbers}")

    @property
    def lists(self):
        return {name: getattr(self, name) for name in Rates._fields}


class Rates(NamedTuple):
    """What holds at a step; a number for each layer in each."""

    encoder_rates: Float[Array, " layers"]
    decoder_rates: Float[Array, " layers"]
    encoder_noise: Float[Array, " layers"]
    decoder_noise: Float[Array, " layers"]
    """The uppermost is not read."""


def check(stages: Sequence[Stage], layers: int) -> None:
    """Raises `UsageError` if stages do not begin at 0 and go on, or do not fit the layers."""
    epochs = [stage.epoch for stage in stages]
    if epochs[0] != 0 or epochs != sorted(set(epochs)):
        raise UsageError(
            f"stages: must begin at epoch 0 and come in the order of their epochs, got {epochs}"
        )
    for stage in stages:
        for name, numbers in stage.lists.items():
            count = len(numbers)
            if count not in (1, layers, layers - (name == "decoder_noise")):
                raise UsageError(
                    f"stages: {name} of the stage from epoch {stage.epoch} has {count} numbers for "
                    f"{layers} layers; give one for each, or one for all"
                )


def scaled(changes: Stack, rates: Rates) -> Stack:
    """Changes of the weights, each map's times its rate."""

    def times(layers: tuple[Layer, ...], by: Float[Array, " layers"]) -> tuple[Layer, ...]:
        return tuple(jax.tree.map(lambda a, r=r: r * a, m) for m, r in zip(layers, by, strict=True))

    return Stack(
        times(changes.encoders, rates.encoder_rates), times(changes.decoders, rates.decoder_rates)
    )


def at(stages: Sequence[Stage], layers: int, step: Int[Array, ""], steps_per_epoch: int) -> Rates:
    """What holds at a step, counted from 0 over the whole run."""
    begins = jnp.array([stage.epoch * steps_per_epoch for stage in stages])
    now = jnp.sum(step >= begins) - 1

    def row(numbers: tuple[float, ...]) -> tuple[float, ...]:
        return (*numbers, *numbers[-1:] * (layers - len(numbers)))

    return Rates(*(jnp.array([row(s.lists[name]) for s in stages])[now] for name in Rates._fields))
