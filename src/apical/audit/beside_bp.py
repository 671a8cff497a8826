"""How a rule's updates lie to the gradient of the loss."""

import math
from dataclasses import dataclass

import jax
import numpy as np

from apical.audit.program import Inputs, Outputs
from apical.networks.network import Network
from apical.rules import BP, Batch, State

ROUNDING = 1e-9


@dataclass(frozen=True)
class BesideBP:
    """Of all layers, at all points."""

    cosines: tuple[float, ...]
    """The least cosine of each layer's update with the gradient."""
    times: float
    """What all updates are of the gradient, if it is one positive number; nan if it is not."""

    @property
    def same(self) -> bool:
        return not math.isnan(self.times)


@jax.jit
def _gradient(net: Network, batch: Batch) -> Network:
    return BP().credit(net, State(), batch, jax.random.key(0)).network


def beside_bp(points: tuple[Inputs, ...], said: list[Outputs]) -> BesideBP:
    """What a rule said at each of the points, beside the gradient there."""
    cosines, ratios = [1.0] * len(said[0].updates), []
    for point, ours in zip(points, said, strict=True):
        gradient = _gradient(point.now.net, point.now.batch)
        for l, layer in enumerate(gradient.layers):
            a, b = (
                np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(each)])
                for each in (ours.updates[l], layer)
            )
            norms = np.linalg.norm(a) * np.linalg.norm(b)
            cosines[l] = min(cosines[l], float(a @ b / norms) if norms else 0.0)
            ratios.append(float(np.linalg.norm(a) / np.linalg.norm(b)))
    same = min(cosines) > 1 - ROUNDING and np.ptp(ratios) < ROUNDING * max(ratios)
    return BesideBP(tuple(cosines), ratios[0] if same else math.nan)
