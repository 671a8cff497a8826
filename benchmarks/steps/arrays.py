"""The weights and minibatches that every side starts from."""

import numpy as np
from work import BATCH, DENSE, IMAGE, SIZES, STEPS, WINDOWS

from apical.data import load


def make(work: str) -> dict[str, np.ndarray]:
    """Float32 weights W0 .. from the input up, x (steps, batch, ...), labels (steps, batch).

    Weights are (positions, channels, patch) or (channels, patch), a patch being rows, columns and
    channels of the kernel; (units, inputs) for the rest. DTP's last is V of g(h) = tanh(h V).
    """
    draw = np.random.default_rng(0)
    shapes = _dtp() if work == "dtp" else _images(work)
    weights = {f"W{l}": _glorot(draw, shape) for l, shape in enumerate(shapes)}
    count, size = STEPS[work], BATCH[work]
    if work == "dtp":
        train = load("mnist").train
        rows = draw.permutation(len(train))[: count * size]
        x = (train.x[rows].reshape(count, size, -1) / 255).astype(np.float32)
        labels = train.y[rows].reshape(count, size)
    else:
        x = draw.random((count, size, *IMAGE), np.float32)
        labels = draw.integers(0, DENSE[-1], (count, size))
    return {**weights, "x": x, "labels": labels.astype(np.int64)}


def _dtp() -> list[tuple[int, ...]]:
    return [(above, below) for below, above in zip(SIZES, SIZES[1:])] + [(SIZES[2], SIZES[1])]


def _images(work: str) -> list[tuple[int, ...]]:
    shapes: list[tuple[int, ...]] = []
    size, _, below = IMAGE
    for kernel, channels, stride in WINDOWS:
        size = -(-size // stride)
        positions = (size**2,) if work == "lc" else ()
        shapes.append((*positions, channels, kernel**2 * below))
        below = channels
    inputs = size**2 * below
    for units in DENSE:
        shapes.append((units, inputs))
        inputs = units
    return shapes


def _glorot(draw: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    bound = np.float32(np.sqrt(6 / (shape[-1] + shape[-2])))
    return bound * (2 * draw.random(shape, np.float32) - 1)
