"""The base of the ghost-unit rules: two phases of a circuit within every minibatch."""

import math
from abc import abstractmethod
from functools import partial
from typing import ClassVar, NamedTuple, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from apical.errors import UsageError, positive
from apical.feedback import Feedback, Transpose
from apical.networks.activations import sigmoid
from apical.networks.initialisers import Initialiser, Uniform
from apical.networks.layers import Dense
from apical.networks.network import Network
from apical.rules.ghost import fast
from apical.rules.ghost.circuit import (
    Matrices,
    Moment,
    Phase,
    Plasticity,
    Potentials,
    Weights,
    at_rest,
    euler,
    feel,
    main_change,
    mismatch,
)
from apical.rules.ghost.stepping import Euler, Stepping
from apical.rules.rule import Batch, Credit, Dynamics, Phase as Stretch, Settling, State, Traits
from apical.rules.sweep import layer_by_layer
from apical.values.ranges import Log, Space
from apical.values.spelling import spell

Circuit: TypeAlias = tuple[Potentials, Weights]


class Learning(NamedTuple):
    """Which weights learn in which phase, and how fast per Euler step."""

    free: Plasticity
    clamped: Plasticity
    at_end: tuple[float, ...]
    """Rates of a single change of the main weights at the end of the clamped phase."""


class Stage(NamedTuple):
    """One of the two phases of a minibatch, and what is learned while it lasts."""

    phase: Phase
    plasticity: Plasticity
    steps: int
    """Its length in Euler steps."""


class Kept(eqx.Module):
    """What a ghost circuit keeps from minibatch to minibatch."""

    feedback: PyTree
    """What `Ghost.feedback` keeps."""
    to_ghosts: Matrices
    """P_k of each hidden layer, (ghosts, units)."""
    from_ghosts: Matrices
    """G_k of each hidden layer, (units, ghosts)."""
    potentials: Potentials | None
    """Where the last minibatch left the units; None: each minibatch begins at rest."""


class Ghost(Settling):
    """What all ghost-unit rules share: a free phase of a circuit, then a weakly clamped one.

    tau du_k/dt = -u_k + W_k r_{k-1} + e_k with r = sigmoid(u); e_k = F_k r_{k+1} - G_k s_k in
    hidden layers and e_N = beta (y - r_N) at the output, where beta = 0 in the free phase;
    tau dv_k/dt = -v_k + P_k r_k for the ghosts, with s = sigmoid(v).

    The pseudo-gradient is minus the main weights' whole change, for plain SGD at rate 1. The
    teaching signal of layer k is [rho(W_k r_{k-1}) - rho(u_k)] / beta, which tends to dL/da_k.

    Source: Mesnard, Vignoud, Sacramento, Senn & Bengio 2019.
    """

    space: ClassVar[Space] = {"lr": Log(0.1, 10.0)}
    dt: float = 0.001
    """Length of an Euler step, in seconds."""
    tau: float = 0.01
    """Time constant of all units, in seconds."""
    free_steps: int = 200
    """Euler steps of the free phase."""
    clamped_steps: int = 200
    """Euler steps of the weakly clamped phase."""
    beta: float = 10.0
    """Nudge of the output units in the weakly clamped phase."""
    main_rates: tuple[float, ...] = (0.1,)
    """eta_k of the main weights of each layer, or one for all."""
    ghost_rate: float = 0.05
    """eta of the lateral weights, per second."""
    lateral: Initialiser = Uniform(0.2)
    """How lateral weights are drawn."""
    carry: bool = False
    """Begin each minibatch where the last one left the units, and not at rest."""
    feedback: Feedback = Transpose()
    """F: transposed main weights (TF) or fixed random ones (FA)."""
    stepping: Stepping = Euler()
    """Take every Euler step, or strides. Strides reach the same resting potentials, and give
    another learning curve."""

    def __check_init__(self):
        positive(tau=self.tau, beta=self.beta)
        for name in ("free_steps", "clamped_steps"):
            if not 0 < getattr(self, name) < 2**31:
                raise UsageError(
                    f"{name}: must be between 1 and {2**31 - 1}, got {getattr(self, name)}"
                )
            self.stepping.steps(getattr(self, name))
        if not 0 < self.dt <= self.tau:
            raise UsageError(
                f"dt: must lie above 0 and not above tau ({self.tau:g}), or Euler steps overshoot; "
                f"got {self.dt:g}"
            )
        for name, rates in (("main_rates", self.main_rates), ("ghost_rate", (self.ghost_rate,))):
            for rate in rates:
                if not 0 <= rate < math.inf:
                    raise UsageError(f"{name}: must be 0 or more and finite, got {rate:g}")

    @property
    def traits(self) -> Traits:
        transport = self.feedback.transport
        return Traits(
            transport,
            error_driven=False,
            independent=False,
            settles=True,
            derivative_free=True,
        )

    @abstractmethod
    def ghosts(self, net: Network, batch: Batch) -> tuple[int, ...]:
        """The number of ghosts in each hidden layer.

        Raises `UsageError` for a network or a batch size that the rule cannot serve.
        """

    @abstractmethod
    def learning(self, net: Network) -> Learning:
        """Which weights learn in which phase, and how fast."""

    @property
    def rate(self) -> float:
        """dt / tau, the part of the way to its input that a unit goes in one Euler step."""
        return self.dt / self.tau

    def init(self, net: Network, batch: Batch, key: PRNGKeyArray) -> State:
        self.learning(net)
        main = main_weights(net, self.name)
        for_feedback, *for_lateral = jax.random.split(key, len(main))
        to_ghosts, from_ghosts = [], []
        for W, count, k in zip(main[:-1], self.ghosts(net, batch), for_lateral, strict=True):
            units, (down, up) = len(W), jax.random.split(k)
            to_ghosts.append(self.lateral.draw(down, (count, units), units, count))
            from_ghosts.append(self.lateral.draw(up, (units, count), count, units))
        weights = Weights(main, tuple(to_ghosts), tuple(from_ghosts))
        return State(
            kept=Kept(
                self.feedback.init(net, for_feedback),
                weights.to_ghosts,
                weights.from_ghosts,
                at_rest(jnp.zeros_like(flat(batch.x)), weights) if self.carry else None,
            )
        )

    def credit(self, net: Network, state: State, batch: Batch, key: PRNGKeyArray) -> Credit:
        free, clamped = self.stages(net, state.kept, batch, key)
        begin = self.circuit(net, state.kept, batch)
        ready = self._through(free, *begin)
        end = self._through(clamped, *ready)
        return self._credit(net, state, batch, key, (begin, ready, end))

    def dynamics(self, net: Network, state: State, batch: Batch, key: PRNGKeyArray) -> Dynamics:
        stages = self.stages(net, state.kept, batch, key)
        begin = self.circuit(net, state.kept, batch)
        pyramidal = range(1, len(begin[1].main) + 1)
        return Dynamics(
            begin,
            (*pyramidal, *pyramidal[:-1]),
            tuple(
                Stretch(partial(self._step, stage), self.stepping.steps(stage.steps))
                for stage in stages
            ),
            partial(self._credit, net, state, batch, key),
        )

    def _step(self, stage: Stage, circuit: Circuit) -> Circuit:
        """The circuit after one step: Euler's by the equations, strides as they are taken."""
        if self.stepping.length > 1:
            return self._through(stage._replace(steps=self.stepping.length), *circuit)
        return euler(*circuit, stage.phase, stage.plasticity, self.rate)

    def _credit(self, net, state, batch, key, moments: tuple[Circuit, ...]) -> Credit:
        """From the circuit at the beginning and at the end of each phase."""
        kept = state.kept
        free, clamped = self.stages(net, kept, batch, key)
        (_, before), (rested, ready), (end, after) = moments
        rest, moment = feel(rested, ready, free.phase), feel(end, after, clamped.phase)
        change = tuple(map(jnp.subtract, after.main, before.main))
        at_end = self.learning(net).at_end
        if any(at_end):
            once = zip(at_end, main_change(end, moment), strict=True)
            change = tuple(eta * last for eta, last in once)
        return Credit(
            _with_weights(net, tuple(-c for c in change)),
            tuple(-d / self.beta for d in mismatch(end, moment)),
            kept=Kept(
                kept.feedback,
                after.to_ghosts,
                after.from_ghosts,
                None if kept.potentials is None else end,
            ),
            pathways=layer_by_layer(self.feedback.layers(net, kept.feedback, key)),
            scalars=_scalars(rest, ready, free.phase.feedback(ready.main)),
        )

    def circuit(self, net: Network, kept: Kept, batch: Batch) -> Circuit:
        """The circuit as a minibatch meets it: potentials and weights before its free phase.

        Main weights are the network's, lateral ones those that are kept.
        """
        weights = Weights(main_weights(net, self.name), kept.to_ghosts, kept.from_ghosts)
        if kept.potentials is None:
            return at_rest(flat(batch.x), weights), weights
        return kept.potentials, weights

    def stages(
        self, net: Network, kept: Kept, batch: Batch, key: PRNGKeyArray
    ) -> tuple[Stage, Stage]:
        """The free and the weakly clamped phase of a minibatch, with what is learned in each."""

        def feedback(main: Matrices) -> Matrices:
            now = _with_weights(net, main)
            layers = self.feedback.layers(now, kept.feedback, key)
            return tuple(back.weight.T for back in layers)

        x, learning = flat(batch.x), self.learning(net)
        free = Phase(x, batch.y, 0.0, feedback)
        clamped = Phase(x, batch.y, self.beta, feedback)
        return (
            Stage(free, learning.free, self.free_steps),
            Stage(clamped, learning.clamped, self.clamped_steps),
        )

    def _through(
        self, stage: Stage, potentials: Potentials, weights: Weights
    ) -> tuple[Potentials, Weights]:
        """The circuit at the end of a stage."""
        return fast.run(
            potentials,
            weights,
            stage.phase,
            stage.plasticity,
            self.rate,
            stage.steps,
            self.stepping,
        )

    def rates_of_layers(self, net: Network) -> tuple[float, ...]:
        """`main_rates` for each layer; `UsageError` if they are neither one nor one a layer."""
        count, given = len(net.layers), self.main_rates
        if len(given) not in (1, count):
            raise UsageError(
                f"main_rates: the network has {count} layers, and there are {len(given)} rates "
                f"({' '.join(map(str, given))}); give one number, or {count}"
            )
        return given * count if len(given) == 1 else given


def main_weights(net: Network, name: str) -> Matrices:
    """W_1 .. W_N of a network for the rule of that name.

    Raises `UsageError` unless every layer is fully connected, sigmoid and without biases.
    """
    for l, layer in enumerate(net.layers, start=1):
        if not isinstance(layer, Dense):
            raise UsageError(
                f"{name}: every layer must be fully connected and read activities, layer {l} does "
                "not; use hidden layers such as fc:500"
            )
        if layer.bias is not None:
            raise UsageError(f"{name}: layers have no biases, layer {l} has; set bias to false")
        if layer.activation != sigmoid:
            raise UsageError(
                f"{name}: every layer must be sigmoid, layer {l} is {spell(layer.activation)}; "
                "use activation sigmoid, output sigmoid and loss squared-error"
            )
    return tuple(layer.weight for layer in net.layers)


def flat(x: Float[Array, "batch ..."]) -> Float[Array, "batch inputs"]:
    """Images as vectors."""
    return x.reshape(x.shape[0], -1)


def _with_weights(net: Network, main: Matrices) -> Network:
    layers = tuple(layer.with_weight(W) for layer, W in zip(net.layers, main, strict=True))
    return eqx.tree_at(lambda n: n.layers, net, layers)


def _scalars(moment: Moment, weights: Weights, feedback: Matrices) -> dict[str, Array]:
    """How well the ghosts cancel the feedback at the end of the free phase.

    `free_error_k` is the root mean square of the error that is left. Where ghosts are as many as
    the units above, the gaps are the lateral weights' Frobenius distances from what they imitate.
    """
    scalars = {}
    for k, e in enumerate(moment.errors[:-1], start=1):
        scalars[f"free_error_{k}"] = jnp.sqrt(jnp.mean(e**2))
    lateral = zip(weights.to_ghosts, weights.main[1:], weights.from_ghosts, feedback, strict=True)
    for k, (P, W, G, F) in enumerate(lateral, start=1):
        if P.shape == W.shape:
            scalars[f"to_ghosts_gap_{k}"] = jnp.linalg.norm(P - W)
            scalars[f"from_ghosts_gap_{k}"] = jnp.linalg.norm(G - F)
    return scalars
