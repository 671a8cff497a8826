"""Statistics of a split without a float copy of all of it: CIFAR-10 in float64 is 1.1 GB."""

import numpy as np

CHUNK = 4096  # examples


def pixel_mean(x: np.ndarray) -> np.ndarray:
    """Mean of every pixel or feature, float64, shape of one example."""
    return x.mean(axis=0, dtype=np.float64)


def channel_moments(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (divided by n), float64, of each feature or channel.

    Shape (features,) for vectors (n, features); () for grey images (n, H, W); (C,) for
    colour images (n, H, W, C). Exactly 0 deviation for a feature that is constant: rounding
    would leave some 1e-17 and the division by it would blow noise up.
    """
    inner = tuple(range(x.ndim - 1)) if x.ndim == 3 else tuple(range(x.ndim - 2))
    mean = pixel_mean(x).mean(axis=inner)
    squares = np.zeros(x.shape[1:])
    for start in range(0, len(x), CHUNK):
        squares += ((x[start : start + CHUNK] - mean) ** 2).sum(axis=0)
    deviation = np.sqrt(squares.mean(axis=inner) / len(x))
    constant = x.max(axis=0).max(axis=inner) == x.min(axis=0).min(axis=inner)
    return mean, np.where(constant, 0.0, deviation)
