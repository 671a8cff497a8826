"""A short training run, and what of it two runs can be compared by."""

from typing import Any

import jax
import numpy as np
import optax

from apical import BP, Settings
from apical.rules import Rule
from apical.training.optimizer import Optimizers
from apical.training.supervised import Supervised

SMALL: dict[str, Any] = {"hidden": (8,), "batch_size": 30, "epochs": 3}


def timeless(rows):
    return [{k: v for k, v in row.items() if not k.startswith("seconds")} for row in rows]


def bits(tree):
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(tree)]


def learner(rule: Rule = BP(), classes: int = 3, settings: Settings = Settings()) -> Supervised:
    """Supervised learning by plain descent."""
    return Supervised(rule, settings, classes, Optimizers(optax.sgd(1.0), optax.sgd(1.0)))
