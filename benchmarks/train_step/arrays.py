"""The arrays every side starts from: MNIST, initial weights, feedback weights, data order."""

import gzip
import os
from pathlib import Path

import numpy as np
from job import SIZES

TRAIN = 55_000


def write(path: Path, epochs: int, seed: int = 0) -> str:
    """Write the arrays listed in `job.Job` to `path` (.npz); return where the images came from."""
    rng = np.random.default_rng(seed)
    images, labels, source = _mnist()
    out = {"images": images, "labels": labels}
    out["order"] = np.stack([rng.permutation(len(images)) for _ in range(epochs + 1)]).astype(
        np.int32
    )
    for layer, (fan_in, fan_out) in enumerate(zip(SIZES, SIZES[1:])):
        out[f"W{layer}"] = _glorot(rng, fan_in, fan_out)
        out[f"b{layer}"] = np.zeros(fan_out, np.float32)
        if layer > 0:
            out[f"B{layer}"] = _glorot(rng, fan_in, fan_out)
            out[f"D{layer - 1}"] = _glorot(rng, SIZES[-1], fan_in)
    np.savez(path, **out)
    return source


def _glorot(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    bound = np.sqrt(6 / (rows + columns))
    return rng.uniform(-bound, bound, (rows, columns)).astype(np.float32)


def _mnist() -> tuple[np.ndarray, np.ndarray, str]:
    """Images uint8 (55000, 784) and labels int32, from apical.data, else from files in $APICAL_DATA."""
    try:
        import apical.data

        train, source = apical.data.load("mnist").train, "apical.data"
        images, labels = np.asarray(train.x), np.asarray(train.y)
    except ImportError:
        if "APICAL_DATA" not in os.environ:
            raise SystemExit(
                "no MNIST: apical is not importable here, and APICAL_DATA is not set"
            ) from None
        folder = Path(os.environ["APICAL_DATA"]) / "mnist"
        images, labels = (
            _idx(folder / "train-images-idx3-ubyte.gz", 16),
            _idx(folder / "train-labels-idx1-ubyte.gz", 8),
        )
        images, source = images.reshape(len(labels), 784), "APICAL_DATA"
    images = images[:TRAIN].reshape(-1, 784)
    if images.shape != (TRAIN, 784) or images.dtype != np.uint8:
        raise SystemExit(
            f"wanted {TRAIN} uint8 images of 784 pixels, found {images.dtype} {images.shape}"
        )
    return images, labels[:TRAIN].astype(np.int32), source


def _idx(path: Path, header: int) -> np.ndarray:
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=header)
