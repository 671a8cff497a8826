"""What both sides do, and their stopwatch. Needs only NumPy, to run in both environments.

`epoch`: minibatches of iterated target propagation on 784-1000-100, batch 100, 15 inference steps: infer,
then a step of plain SGD on every map's squared error, from corrupted inputs. `samples`: so many samples with
three rounds of inference.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from stopwatch import timed  # noqa: F401

SIZES = (784, 1000, 100)
BATCH, STEPS = 100, 15
DELTA, ALPHA = 0.1, 0.001
RATES = {"f": (0.003, 0.003), "g": (0.03, 0.03)}
NOISE = 0.5
MINIBATCHES = 60
"""Of an epoch's 550, timed at once."""
CHECKED = 20
"""Minibatches before the sides are compared, without corruption, which each side draws in its own way."""
SAMPLES, AT_ONCE, ROUNDS, ROUND_ALPHA = 10_000, 1000, 3, 0.3


def products() -> float:
    """Floating-point operations of a minibatch's matrix products.

    Inference: the first encodings of x and h_1; then a step decodes and encodes again both layers, encodes h_1,
    and decodes the h_2 that has moved. Learning: each of the four maps answers and has its weights' gradient.
    """
    (x, h1, h2), n = SIZES, BATCH
    step = 2 * n * (2 * x * h1 + 4 * h1 * h2)
    both = 2 * n * (x * h1 + h1 * h2)
    return both + STEPS * step + 4 * both


def read(file: str) -> tuple[list[np.ndarray], list[np.ndarray], np.ndarray]:
    """Weights of f_1, f_2, (units, inputs); of g_1, g_2; minibatches (MINIBATCHES, BATCH, 784)."""
    with np.load(file) as stored:
        return [stored["f1"], stored["f2"]], [stored["g1"], stored["g2"]], stored["x"]
