"""The autoencoder that is trained by targets, without a derivative of one map led through another.

Sources: Lee, Zhang, Fischer & Bengio 2015, "Difference target propagation"; Bengio 2015, slides of
"Towards biologically plausible deep learning".

!!! example

    >>> import apical
    >>> result = apical.TargetAutoencoder(hidden=16).fit("digits", epochs=1)
    >>> [h.shape for h in result.models[0].infer(apical.load("digits").test.x[:4])]
    [(4, 16)]
"""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from apical.errors import LARGEST, UsageError, at_least_one
from apical.generative.inference import Inference
from apical.generative.latent_model import LatentModel
from apical.generative.lessons import Update, update
from apical.generative.stack import Stack, Visible
from apical.networks.activations import Activation, sigmoid
from apical.networks.initialisers import Glorot, Initialiser
from apical.networks.layers import Dense, Layer
from apical.settings import Unsupervised
from apical.values.value import Value

Code = Float[Array, "batch units"]


class EncoderTarget(Value):
    """What the encoder is to give for x, so that the decoder gives x for it.

    Where f(g(h)) is off by some vector, it is taken off again. Both forms are f(x) where g inverts
    f, and to first order they are the same.

    !!! example

        >>> from apical.networks.activations import identity
        >>> f, g = (Dense(w * jnp.eye(1), None, (1,), identity) for w in (1.0, 0.5))
        >>> x = jnp.ones((1, 1))
        >>> for form in (ReflectedCode(), ReflectedInput()):
        ...     print(float(form.of(f, g, x, f(x))[0, 0]))
        1.5
        1.5
    """

    @abstractmethod
    def of(self, f: Layer, g: Layer, x: Visible, h: Code) -> Code:
        """The target, with h = f(x)."""


class ReflectedCode(EncoderTarget):
    """2 h - f(g(h)), h = f(x): the code, less what a round through the maps adds to it.

    Source: Lee et al. 2015.
    """

    def of(self, f, g, x, h):
        return 2 * h - f(g(h))


class ReflectedInput(EncoderTarget):
    """f(2 x - g(f(x))): the code of the input, less what a round through the maps adds to it.

    The slides call the two x~ and h~, and would train f on the pair (x~, h~), where it has no
    error. The argument before that is that g(h~) is about x, which makes h~ the target at x.

    Source: Bengio 2015, slides.
    """

    def of(self, f, g, x, h):
        return f(2 * x - g(h))


class Tied(eqx.Module):
    """An encoder and the bias of a decoder that has the encoder's weights, transposed."""

    encoder: Dense
    bias: Float[Array, " inputs"]
    visible: Activation = eqx.field(static=True)

    @property
    def maps(self) -> Stack:
        """f and g."""
        f = self.encoder
        return Stack((f,), (Dense(f.weight.T, self.bias, f.out_shape, self.visible),))

    def gathered(self, gradients: Stack) -> "Tied":
        """Gradients of the two maps as those of what is learned; of the weights, their sum."""
        (f,), (g,) = gradients.encoders, gradients.decoders
        weight = f.weight + g.weight.T
        return eqx.tree_at(
            lambda tied: (tied.encoder.weight, tied.encoder.bias, tied.bias),
            self,
            (weight, f.bias, g.bias),
        )


class TargetAutoencoder(LatentModel):
    """One layer of latent units, h = f(x), and a decoder g; each map has an error of its own.

    f descends 1/2 |f(x') - target|^2 and g 1/2 |g(f(x')) - x|^2, x' = x + noise, where the target
    and what g reads are constants. So no derivative leads through one map into the other.

    log p(x, h), by which runs are judged, is -1/2 |x - g(f(x))|^2 here.

    Source: Lee, Zhang, Fischer & Bengio 2015. Choices of ours: noise, initial weights, optimizer.
    """

    hidden: int = 1000
    """Latent units."""
    activation: Activation = sigmoid
    """Activation of the latent units."""
    visible: Activation = sigmoid
    """Activation of the decoder, which gives x."""
    init: Initialiser = Glorot()
    """How all weights are drawn; biases are zero."""
    tied: bool = True
    """Whether the decoder has the encoder's weights, transposed; else it has its own."""
    target: EncoderTarget = ReflectedCode()
    """What the encoder learns to give."""
    noise: float = 0.3
    """Standard deviation of the Gaussian noise on the inputs in training."""

    def __check_init__(self):
        at_least_one(hidden=self.hidden)
        if not 0 <= self.noise <= LARGEST:
            raise UsageError(f"noise: must be 0 or more and finite, got {self.noise}")

    @property
    def recipe(self):
        return Unsupervised(optimizer="sgd", lr=0.03, epochs=20)

    @property
    def inference(self):
        return Inference(steps=0, delta=0.0, alpha=0.0)

    def create(self, inputs, key):
        up, down = jax.random.split(key)
        f = Dense.create((inputs,), self.hidden, self.activation, key=up, init=self.init)
        if self.tied:
            return Tied(f, jnp.zeros(inputs), self.visible)
        return Stack(
            (f,), (Dense.create((self.hidden,), inputs, self.visible, key=down, init=self.init),)
        )

    def maps(self, learned):
        return learned.maps if isinstance(learned, Tied) else learned

    def learn(self, learned, x, rates, key):
        maps = self.maps(learned)
        (f,), (g,) = maps.encoders, maps.decoders
        h, noisy = f(x), x + self.noise * jax.random.normal(key, x.shape, x.dtype)
        found = update(maps, x, (self.target.of(f, g, x, h),), (noisy,), (f(noisy),))
        if isinstance(learned, Tied):
            found = Update(learned.gathered(found.gradients), found.loss)
        return (h,), found
