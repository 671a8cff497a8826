"""Figure 4's data: the circuit of a stored network, watched while it is shown one image."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from apical.papers.ghost_units.experiments import TRACED
from apical.reproduce.evidence import Evidence
from apical.rules.ghost.circuit import euler, feel
from apical.rules.ghost.rule import Ghost
from apical.rules.integrate import trajectory
from apical.rules.rule import Batch
from apical.training.learner import Examples
from apical.training.reload import reload_carries
from apical.training.supervised import Carry


@dataclass(frozen=True)
class Seen:
    """Both phases of one image, step by step."""

    outputs: np.ndarray
    """u_N, shape (steps, units)."""
    errors: np.ndarray
    """e_1, shape (steps, units)."""
    free_steps: int
    label: int


def trace(evidence: Evidence) -> dict[int, Seen]:
    """By epoch: before training and after those traced. Empty if their networks are missing."""
    runs = {epoch: evidence.runs(f"trace-{epoch}") for epoch in TRACED}
    if not all(run and run[0].keeps_networks for run in runs.values()):
        return {}
    seen: dict[int, Seen] = {}
    for epoch, (run,) in runs.items():
        task, carries = reload_carries(run.path)
        assert isinstance(task.rule, Ghost)
        ((seed, carry),) = carries.items()
        image, label = (jnp.asarray(a[:1]) for a in (task.data.train.x, task.data.train.y))
        batch = task.learner.batch(Examples(task.transforms.train(image), label))
        if not seen:
            seen[0] = watch(task.rule, task.begin(seed), batch)
        seen[epoch] = watch(task.rule, carry, batch)
    return seen


def watch(rule: Ghost, carry: Carry, batch: Batch) -> Seen:
    """One image's free and clamped phase by the plain loop, from where the last image ended."""
    net, kept = carry.net, carry.state.kept
    circuit, parts = rule.circuit(net, kept, batch), []
    for stage in rule.stages(net, kept, batch, jax.random.key(0)):

        def step(circuit, stage=stage):
            potentials, weights = circuit
            return euler(potentials, weights, stage.phase, stage.plasticity, rule.rate)

        def observe(circuit, stage=stage):
            potentials, weights = circuit
            return potentials.u[-1][0], feel(potentials, weights, stage.phase).errors[0][0]

        circuit, part = trajectory(step, circuit, stage.steps, observe)
        parts.append(part)
    outputs, errors = (np.concatenate(halves) for halves in zip(*parts, strict=True))
    return Seen(outputs, errors, rule.free_steps, int(np.argmax(batch.y[0])))
