"""The generative model that is trained and run by iterated target propagation.

Source: Bengio, Lee, Bornschein, Mesnard & Lin 2015, "Towards biologically plausible deep learning",
algorithm 2.

!!! example

    >>> import apical
    >>> model = apical.IteratedTargetProp(hidden=(20, 5))
    >>> result = model.fit("digits", epochs=1)
    >>> result.models[0].sample(3, seed=1).shape
    (3, 8, 8)
"""

from collections.abc import Sequence
from itertools import pairwise

import jax
import jax.numpy as jnp
from jaxtyping import Array, PRNGKeyArray

from apical.errors import LARGEST, UsageError, at_least_one
from apical.generative import modalities, stages
from apical.generative.estimators import DifferenceTargets, Estimator
from apical.generative.inference import Inference
from apical.generative.latent_model import LatentModel
from apical.generative.lessons import FinalValues, Lesson
from apical.generative.modalities import Modality
from apical.generative.stack import Hidden, Stack, Visible
from apical.generative.stages import From, Rates, Stage
from apical.networks.activations import Activation, sigmoid, softplus
from apical.networks.initialisers import Glorot, Initialiser
from apical.networks.layers import Beside, Dense, Layer
from apical.settings import Unsupervised
from apical.settings.schedules import HoldThenLinear
from apical.values.spelling import spell

MOST_STEPS = 10_000
"""Of inference; a Ctrl-C is not heard within it."""


class IteratedTargetProp(LatentModel):
    """Layers of latent units over x, inferred by difference target propagation; no derivatives.

    Encoders f_l and decoders g_l between h_{l-1} and h_l, h_0 = x. Inference starts at
    h_l = f_l(h_{l-1}) and takes `steps` steps, from the top down in each:

    h_l += delta (f_l(h_{l-1}) - f_l(g_l(h_l))) + alpha (g_{l+1}(h_{l+1}) - h_l).

    The inferred h are then the targets of every map. With h~ the corrupted h, each descends half
    the squared errors |g_l(h~_l) - h_{l-1}|^2 and |f_l(h~_{l-1}) - h_l|^2, which are local to it.
    `estimator`, `beta` and `lesson` make variants, which the authors ask about.

    Source: Bengio, Lee, Bornschein, Mesnard & Lin 2015. Choices of ours:

    1. The paper does not state the decoders' activations, rates, noises and initial weights.
    2. f_{l+1} and g_l both read h~_l, which the paper writes as one. Here each reads a draw of its
       own, independent of the other's and with its own noise.
    """

    hidden: tuple[int, ...] = (1000, 100)
    """Latent units of each layer, from the data up."""
    activation: Activation = softplus
    """Activation of every latent layer but the top."""
    top: Activation = sigmoid
    """Activation of the uppermost layer: from 0 to 1, since its corruption samples binary units."""
    visible: Activation = sigmoid
    """Activation of the decoder that gives x."""
    init: Initialiser = Glorot()
    """How all weights are drawn; biases are zero."""
    steps: int = 15
    """Steps of inference."""
    delta: float = 0.1
    """Size of a step towards what explains the layer below."""
    alpha: float = 0.001
    """Size of a step towards what the layer above says, in training."""
    beta: float = 0.0
    """Size of a step towards likelier h under q(h | x), the encoders' Gaussians; the paper's
    experiments leave it out."""
    estimator: Estimator = DifferenceTargets()
    """What stands for the gradient of log p(h_{l-1} | h_l) in inference."""
    samples: int = 3
    """The top is corrupted to the mean of so many samples of its units, 0 or 1 each."""
    stages: tuple[Stage, ...] = ()
    """How fast each map learns, as a part of lr, and from how much noise, from some epoch on:
    from:EPOCH,F-RATES,G-RATES,F-NOISE,G-NOISE, a number for each layer or one for all. Empty:
    what works on MNIST with two layers, and for further layers what works for the second."""
    trace_alphas: tuple[float, ...] = (0.001, 0.1)
    """Inference is traced after every epoch at each of these alphas."""
    trace_steps: int = 20
    """Steps of the trace."""
    lesson: Lesson = FinalValues()
    """What of inference the maps learn from: its final values, or the temporal derivative of every
    unit along it, as in spike-timing-dependent plasticity."""
    modalities: tuple[Modality, ...] = ()
    """Parts of the data, in their order, that are read apart: INPUTS,UNITS for each, with as many
    units together as the first latent layer has. A modality's units in that layer neither read nor
    give the other ones' inputs, and hear of them from above alone. Empty: all is one."""

    def __check_init__(self):
        if not self.hidden:
            raise UsageError("hidden: must name one latent layer or more, got none")
        at_least_one(
            **{f"hidden[{l}]": units for l, units in enumerate(self.hidden)},
            steps=self.steps,
            samples=self.samples,
            trace_steps=self.trace_steps,
        )
        for name in ("steps", "trace_steps"):
            if getattr(self, name) > MOST_STEPS:
                raise UsageError(
                    f"{name}: must be {MOST_STEPS} or less, got {getattr(self, name)}; few are "
                    "enough, and nothing ends inference before its last step"
                )
        for name in ("delta", "alpha", "beta", "trace_alphas"):
            given = getattr(self, name)
            for number in given if isinstance(given, tuple) else (given,):
                if not 0 <= number <= LARGEST:
                    raise UsageError(f"{name}: must be 0 or more and finite, got {number}")
        if (self.top.lowest, self.top.highest) != (0.0, 1.0) or self.top.couples:
            raise UsageError(
                f"top: binary units are sampled with its activity, which must lie between 0 and 1, "
                f"got {spell(self.top)}; use sigmoid"
            )
        if self.stages:
            stages.check(self.stages, len(self.hidden))
        if self.modalities:
            modalities.check(self.modalities, self.hidden[0])

    @property
    def course(self) -> tuple[Stage, ...]:
        """The stages of its training, those that were asked for or else ours."""
        if self.stages:
            return self.stages
        above = len(self.hidden) - 1
        return (
            From(0, (0.1,), (1.0,), (0.5,), (0.5,)),
            From(3, (0.1, *[3.0] * above), (1.0, *[2.0] * above), (0.3, *[0.05] * above), (0.2,)),
        )

    @property
    def recipe(self):
        return Unsupervised(optimizer="sgd", lr=0.03, schedule=HoldThenLinear(0.5), epochs=20)

    def create(self, inputs, key):
        if self.modalities:
            modalities.check_inputs(self.modalities, inputs)
        first = [m.sizes for m in self.modalities] or [(inputs, self.hidden[0])]
        ways = [first, *([pair] for pair in pairwise(self.hidden))]
        back = [[(gives, reads) for reads, gives in way] for way in ways]
        up = (*(self.activation for _ in self.hidden[:-1]), self.top)
        down = (self.visible, *(self.activation for _ in self.hidden[:-1]))
        keys = jax.random.split(key, (2, len(self.hidden)))
        return Stack(
            *(tuple(map(self._map, *each)) for each in ((ways, up, keys[0]), (back, down, keys[1])))
        )

    def _map(
        self, way: Sequence[tuple[int, int]], activation: Activation, key: PRNGKeyArray
    ) -> Layer:
        """From so many units to so many; of several such pairs, one beside the other."""
        keys = jax.random.split(key, len(way)) if len(way) > 1 else [key]
        layers = [
            Dense.create((reads,), gives, activation, key=k, init=self.init)
            for (reads, gives), k in zip(way, keys, strict=True)
        ]
        return Beside.of(layers) if len(layers) > 1 else layers[0]

    @property
    def inference(self):
        return Inference(self.steps, self.delta, self.alpha, self.beta, self.estimator)

    @property
    def traced(self):
        by = self.inference
        return tuple(by._replace(steps=self.trace_steps, alpha=a) for a in self.trace_alphas)

    @property
    def drawn_per_example(self):
        return self.samples * self.hidden[-1]

    def maps(self, learned):
        return learned

    def rates(self, step):
        return stages.at(self.course, len(self.hidden), *step)

    def learn(self, learned, x, rates, key):
        def corrupt(h: Hidden) -> tuple[tuple[Visible, ...], Hidden]:
            return self.corrupt(x, h, rates, key)

        return self.lesson.learn(learned, x, self.inference, corrupt)

    def corrupt(
        self, x: Visible, h: Hidden, rates: Rates, key: PRNGKeyArray
    ) -> tuple[tuple[Visible, ...], Hidden]:
        """h~ as encoders read it, from x up, and as decoders read it.

        Noise is Gaussian; at the top it is that of a mean of samples.
        """
        below, keys = (x, *h[:-1]), jax.random.split(key, (2, len(h)))

        def noisy(a: Visible, sigma: Array, key: PRNGKeyArray) -> Visible:
            return a + sigma * jax.random.normal(key, a.shape, a.dtype)

        up = tuple(map(noisy, below, rates.encoder_noise, keys[0]))
        down = tuple(map(noisy, h[:-1], rates.decoder_noise, keys[1]))
        drawn = jax.random.bernoulli(keys[1][-1], h[-1], (self.samples, *h[-1].shape))
        return up, (*down, jnp.mean(drawn.astype(h[-1].dtype), axis=0))
