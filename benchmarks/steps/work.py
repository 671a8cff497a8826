"""What all sides do, and their stopwatch. Needs only NumPy, to run in both environments.

`lc`, `conv`: forward and backward pass of the CIFAR-10 network of Bartunov et al. 2018, with weights
of their own at every position or with shared ones, tanh, softmax cross-entropy, batch 64, random images.
`dtp`: difference target propagation on 784-500-500-10, batch 128, MNIST: an Adam step of the inverse on
||g(f(h + eps)) - (h + eps)||^2, then an Adam step of the network towards its targets.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from stopwatch import timed  # noqa: F401

IMAGE = (32, 32, 3)
WINDOWS = ((5, 64, 2), (5, 128, 2), (3, 256, 1))
"""Kernel, channels, stride of each layer of images; zeros around keep ceil(size / stride) positions."""
DENSE = (1024, 10)
SIZES = (784, 500, 500, 10)
BATCH = {"lc": 64, "conv": 64, "dtp": 128}
STEPS = {"lc": 5, "conv": 10, "dtp": 429}
CHECKED = 20
"""DTP's steps before the sides are compared."""
ALPHA, SIGMA, RATE, INVERSE_RATE = 0.2, 0.2, 3e-4, 1e-3


def before(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros (before, after) along one axis of an image."""
    missing = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return missing // 2, missing - missing // 2


def read(file: str) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """(weights, x, labels) as `arrays.make` made them."""
    with np.load(file) as stored:
        weights = [stored[name] for name in stored.files if name.startswith("W")]
        return weights, stored["x"], stored["labels"]
