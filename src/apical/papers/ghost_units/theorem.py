"""How near a trained circuit's errors come to what the corrected theorem 2 says of them."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from apical.reproduce.examination import Examination
from apical.rules import BP, Batch, State
from apical.rules.ghost.circuit import Phase, Potentials, Weights, feel
from apical.rules.ghost.rule import Ghost
from apical.training.reload import reload_carries


@dataclass(frozen=True)
class TheoremError(Examination):
    """sqrt(sum |e_1 - p|^2 / sum |p|^2) over the first training images; MB, one hidden layer.

    e_1 is the error at the end of the clamped phase and p what `predicted` says (`to_theorem`) or
    -beta dC/dr_1 (`to_backprop`).
    """

    images: int = 500

    @property
    def name(self):
        return "theorem"

    def examine(self, run, root):
        task, carries = reload_carries(run)
        (carry,) = carries.values()
        assert isinstance(task.rule, Ghost)
        net, rule, key = carry.net, task.rule, jax.random.key(0)

        def step(kept, batch: Batch):
            kept = rule.credit(net, State(kept=kept), batch, key).kept
            _, clamped = rule.stages(net, kept, batch, key)
            circuit = (*rule.circuit(net, kept, batch), clamped.phase)
            error = feel(*circuit).errors[0][0]
            _, above = BP().credit(net, State(), batch, key).signals
            exact = -rule.beta * net.layers[1].pull(above)[0]
            pairs = {"to_theorem": predicted(*circuit), "to_backprop": exact}
            return kept, {
                name: (jnp.sum((error - p) ** 2), jnp.sum(p**2)) for name, p in pairs.items()
            }

        images = task.batches(self.images)
        _, found = jax.jit(lambda: jax.lax.scan(step, carry.state.kept, images))()
        return {
            name: float(jnp.sqrt(jnp.sum(off) / jnp.sum(length)))
            for name, (off, length) in found.items()
        }


def predicted(potentials: Potentials, weights: Weights, phase: Phase) -> Float[Array, " units"]:
    """e_1 = (I - M)^-1 F rho'(u_2) e_2 with M = (F rho'(u_2) W_2 - G rho'(v) P) rho'(u_1).

    For one example, one hidden layer, and ghosts that have learned all feedback away. The nudge
    moves r_1, and what the units and ghosts above it make of that is M. With transpose feedback
    F rho'(u_2) e_2 is -beta dC/dr_1.
    """
    (hidden, output), ghosts = potentials.u, potentials.v[0]
    (_, W), P, G = weights.main, weights.to_ghosts[0], weights.from_ghosts[0]
    (F,) = phase.feedback(weights.main)
    led = F * _slope(output[0])
    M = (led @ W - (G * _slope(ghosts[0])) @ P) * _slope(hidden[0])
    nudge = feel(potentials, weights, phase).errors[1][0]
    return jnp.linalg.solve(jnp.eye(len(M)) - M, led @ nudge)


def _slope(u: Float[Array, " units"]) -> Float[Array, " units"]:
    """rho'(u)."""
    return jax.nn.sigmoid(u) * jax.nn.sigmoid(-u)
