"""Handwritten digits of 8 x 8 pixels, 0 to 16: MNIST for a test that must be fast."""

from collections.abc import Mapping

import numpy as np

from apical.data.preprocessing import Scale
from apical.data.source import ScikitLearn, VerifiedSource
from apical.data.splits import Split, Splits, stratified
from apical.data.verified_files import KnownFile


def fetch() -> tuple[np.ndarray, np.ndarray]:
    """Images, uint8 (1797, 8, 8), and digits."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return digits.images.astype(np.uint8), digits.target


def arrange(contents: Mapping[str, bytes], seed: int) -> Splits:
    """1079, 359 and 359 examples drawn by `seed`, each class in its proportion."""
    x = np.frombuffer(contents["x"], np.uint8).reshape(-1, 8, 8)
    y = np.frombuffer(contents["y"], np.uint8).astype(np.int32)
    return stratified(Split(x, y), validation=0.2, test=0.2, seed=seed)


SOURCE = VerifiedSource(
    name="digits",
    about="E. Alpaydin, C. Kaynak, UCI, as in scikit-learn; CC BY 4.0",
    shape=(8, 8),
    sizes=(1_079, 359, 359),
    classes=tuple("0123456789"),
    preprocessing=Scale(16.0),
    origin=ScikitLearn(
        fetch,
        KnownFile("x", 115_008, "fa70cba135d4cdd4cde65da70dbffde2"),
        KnownFile("y", 1_797, "96ecbac7ce6c9c7e9f9f82160cffba40"),
    ),
    arrange=arrange,
)
