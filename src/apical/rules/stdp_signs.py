"""How labels become the global signs that associativity is multiplied by."""

from abc import abstractmethod

import jax.numpy as jnp
from jaxtyping import Array, Float

from apical.errors import UsageError
from apical.networks.network import Network
from apical.values.value import Value


class Signs(Value):
    """One sign an example and output: whether the output's units want to associate."""

    @abstractmethod
    def check(self, net: Network) -> None:
        """Raises `UsageError` for a network whose outputs it cannot serve."""

    @abstractmethod
    def __call__(self, y: Float[Array, "batch units"]) -> Float[Array, "batch units"]:
        """s(y), from encoded labels."""


class TwoClasses(Signs):
    """s = +1 for y = 1 and -1 for y = 0, the same for every unit of the network.

    Source: Gupta 2020.
    """

    def check(self, net):
        if net.units > 1:
            raise UsageError(
                "associative-stdp: its one global sign tells two classes apart, and the network "
                f"has {net.units} outputs; choose two classes, as in --classes 0 1, or "
                "--signs one-vs-rest"
            )

    def __call__(self, y):
        return 2 * y - 1


class OneVsRest(Signs):
    """An output a class, whose sign is +1 for its own class and -rest for all others.

    With `rest` 1 it is two classes for every output; 1 / (classes - 1) makes up for there being
    that many more examples of the others. Ours: the paper names no way to more classes.
    """

    rest: float = 1.0

    def __check_init__(self):
        if not self.rest > 0:
            raise UsageError(f"rest: must be positive, got {self.rest:g}; try one-vs-rest:0.111")

    def check(self, net):
        for l, layer in enumerate(net.layers[:-1], start=1):
            if (units := layer.out_shape[-1]) < 2 * net.units:
                raise UsageError(
                    f"one-vs-rest: each of {net.units} classes needs two units or more in every "
                    f"hidden layer, layer {l} has {units} in all; make --hidden larger"
                )

    def __call__(self, y):
        return jnp.where(y > 0.5, 1.0, -self.rest).astype(y.dtype)
