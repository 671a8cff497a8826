"""Every rule for one short epoch on the accelerator and on the CPU, in one process."""

from typing import Any

import jax
import numpy as np

import apical
from apical.data import Dataset
from apical.errors import ApicalError
from apical.rules import RULES, Rule
from apical.training.events import Epoch
from apical.values.spelling import spell

TOLERANCE = 2e-4
"""Of |device - CPU| / |CPU - start|, over all numbers of network and rule's state, and of the relative
difference of the training loss. Sums in another order alone (two seeds as one program, on a CPU) move
the end by 2e-5 of the way for ghost-mb, by 2e-6 at most for the other rules."""
STEPS = 10


def smoke(rules: tuple[type[Rule], ...] = RULES) -> dict[str, Any]:
    """How far apart the two ends of an epoch are, and the rules beyond the tolerance; JSON-ready."""
    data = apical.load("digits").select((0, 1)).limit(100)
    distances: dict[str, float | str] = {}
    for rule in (cls() for cls in rules):
        try:
            distances[spell(rule)] = distance(rule, data)
        except ApicalError as error:
            distances[spell(rule)] = str(error)
    bad = [n for n, d in distances.items() if isinstance(d, str) or not d <= TOLERANCE]
    kind = jax.devices()[0].device_kind
    return {"device": kind, "tolerance": TOLERANCE, "distances": distances, "mismatches": bad}


def distance(rule: Rule, data: Dataset) -> float:
    """Between the two ends, in parts of the way from the start; of the losses, if that is more."""
    ours, theirs = (
        train(rule, data, device) for device in (jax.devices()[0], jax.devices("cpu")[0])
    )
    way = np.linalg.norm(theirs["end"] - theirs["start"])
    apart = np.linalg.norm(ours["end"] - theirs["end"]) / way
    return float(max(apart, abs(ours["loss"] / theirs["loss"] - 1)))


def train(rule: Rule, data: Dataset, device: jax.Device) -> dict[str, Any]:
    """All numbers before and after a short epoch on a device, and its loss."""
    seen: list[Epoch] = []

    def keep(event) -> None:
        if isinstance(event, Epoch):
            seen.append(event)

    recipe = rule.recipe
    with jax.default_device(device):
        apical.fit(
            rule, data, recipe, listeners=[keep], epochs=1, steps_per_epoch=STEPS,
            hidden=(16,) * min(2, len(recipe.hidden)), batch_size=min(15, recipe.batch_size),
        )  # fmt: skip
    start, end = (_numbers((epoch.carry.net, epoch.carry.state)) for epoch in seen)
    return {"start": start, "end": end, "loss": seen[-1].metrics["train_loss"]}


def _numbers(tree) -> np.ndarray:
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(tree)]
    return np.concatenate([leaf.ravel() for leaf in leaves if leaf.dtype.kind == "f"])
