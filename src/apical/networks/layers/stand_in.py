"""A layer in the place of another."""

import equinox as eqx

from apical.networks.layers.layer import Layer


class StandIn(Layer):
    """A layer that has the shapes of another, and gives or derives something else."""

    original: eqx.AbstractVar[Layer]

    @property
    def out_shape(self):
        return self.original.out_shape

    @property
    def fans(self):
        return self.original.fans
