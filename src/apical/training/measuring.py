"""What is measured of a network in training: loss and score on every split, alignment with BP."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PRNGKeyArray

from apical.data import Dataset, Split
from apical.data.preprocessing import Affine, Transforms
from apical.diagnostics import alignment
from apical.networks.network import Network
from apical.rules import Batch, Rule
from apical.settings import Settings
from apical.training.epoch import Carry
from apical.training.evaluate import evaluate
from apical.training.minibatches import as_batch

PROBE = 500
"""How many training examples the alignment is measured on."""


@dataclass
class Measures:
    """The measurements that every seed of a run shares."""

    rule: Rule
    data: Dataset
    settings: Settings
    transforms: Transforms

    def during(self, carry: Carry, key: PRNGKeyArray) -> dict[str, Any]:
        """After an epoch: validation, the test split if the settings record it, alignment."""
        measured: dict[str, Any] = {}
        for name, transform, split in self._splits():
            if name == "val" or (name == "test" and self.settings.record_test):
                measured |= self._evaluated(carry.net, name, transform, split)
        found = alignment(carry.net, carry.state, self.probe, key, rule=self.rule)
        measured["alignment"] = {
            name: [None if np.isnan(v) else v for v in np.asarray(values, float).tolist()]
            for name, values in vars(found).items()
        }
        return measured

    def final(self, net: Network) -> dict[str, float]:
        """Loss and score of a trained network on every split."""
        measured: dict[str, float] = {}
        for name, transform, split in self._splits():
            measured |= self._evaluated(net, name, transform, split)
        return measured

    @cached_property
    def probe(self) -> Batch:
        """What the alignment is measured on."""
        return self.batches(PROBE)

    def batches(self, count: int) -> Batch:
        """The first `count` training examples or fewer, cut into batches of the training size."""
        size = self.settings.batch_size
        batch = self.first(max(1, min(count, len(self.data.train)) // size) * size)
        return jax.tree.map(lambda a: a.reshape(-1, size, *a.shape[1:]), batch)

    def first(self, count: int) -> Batch:
        """The first training examples as the network takes them."""
        data, target = self.data, self.settings.target
        units = target.units(self.settings.loss, data.shape, data.n_classes)
        x, labels = jnp.asarray(data.train.x[:count]), jnp.asarray(data.train.y[:count])
        return as_batch(target, units, self.transforms.train, x, labels)

    def _evaluated(
        self, net: Network, name: str, transform: Affine, split: Split
    ) -> dict[str, float]:
        target = self.settings.target
        loss, score = evaluate(net, target, transform, split, self.settings.passes)
        return {f"{name}_loss": loss, target.metric(name): score}

    def _splits(self) -> tuple[tuple[str, Affine, Split], ...]:
        maps, data = self.transforms, self.data
        return (
            ("train", maps.train, data.train),
            ("val", maps.validation, data.validation),
            ("test", maps.test, data.test),
        )
