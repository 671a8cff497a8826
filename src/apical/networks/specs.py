"""The hidden layers a run asks for, as values: `fc:500`, `lc:3x3,32,s2`, `conv:5x5,64,s2,p0`.

`fc:500,sign` and `fc:500,bernoulli` send something else than their activity to the layer above.
"""

from abc import abstractmethod

import equinox as eqx
from jaxtyping import PRNGKeyArray

from apical.errors import UsageError, at_least_one
from apical.networks.activations import Activation
from apical.networks.initialisers import Initialiser
from apical.networks.layers import Conv2d, Dense, Layer, LocallyConnected2d, Window
from apical.networks.layers.windowed import Windowed
from apical.networks.transmission import Graded, Transmission
from apical.values.value import Value, written


class LayerSpec(Value):
    """A layer before it is known what it will read."""

    name = "layer"
    number = "fc"

    @property
    @abstractmethod
    def sends(self) -> Transmission:
        """What its units send to the layer above."""

    @abstractmethod
    def create(
        self,
        in_shape: tuple[int, ...],
        activation: Activation,
        *,
        key: PRNGKeyArray,
        init: Initialiser,
        bias: bool,
    ) -> Layer:
        """The layer for inputs of a shape. Raises `UsageError` if it cannot read them."""


class Fc(LayerSpec):
    """Fully connected: `fc:UNITS`."""

    units: int
    sends: Transmission = Graded()

    def __check_init__(self):
        at_least_one(units=self.units)

    def create(self, in_shape, activation, *, key, init, bias):
        return Dense.create(in_shape, self.units, activation, key=key, init=init, bias=bias)


class ImageSpec(LayerSpec):
    """A kernel moved over an image.

    Without padding as many zeros as make a stride of 1 keep the shape; `p0`: none.
    """

    kernel: tuple[int, ...] = eqx.field(metadata=written(between="x"))
    channels: int
    stride: int = eqx.field(default=1, metadata=written(mark="s"))
    padding: int | None = eqx.field(default=None, metadata=written(mark="p"))
    sends: Transmission = Graded()

    def __check_init__(self):
        if len(self.kernel) != 2:
            raise UsageError(f"kernel: give rows x columns, as in 3x3, got {self.kernel}")
        rows, columns = self.kernel
        at_least_one(rows=rows, columns=columns, channels=self.channels, stride=self.stride)
        if self.padding is not None and self.padding < 0:
            raise UsageError(f"padding: must be 0 or more, got {self.padding}")

    @property
    @abstractmethod
    def kind(self) -> type[Windowed]:
        """The layer it makes."""

    def create(self, in_shape, activation, *, key, init, bias):
        rows, columns = self.kernel
        window = Window((rows, columns), self.stride, self.padding)
        return self.kind.create(
            in_shape, self.channels, activation, window, key=key, init=init, bias=bias
        )


class Lc(ImageSpec):
    """Locally connected, `lc:ROWSxCOLUMNS,CHANNELS[,sSTRIDE][,pPADDING]`."""

    @property
    def kind(self):
        return LocallyConnected2d


class Conv(ImageSpec):
    """Convolutional, `conv:ROWSxCOLUMNS,CHANNELS[,sSTRIDE][,pPADDING]`."""

    @property
    def kind(self):
        return Conv2d
