"""Fisher's irises: four measures in cm of three species."""

from collections.abc import Mapping

import numpy as np

from apical.data.preprocessing import Standardise
from apical.data.source import ScikitLearn, VerifiedSource
from apical.data.splits import Split, Splits, stratified
from apical.data.verified_files import KnownFile


def fetch() -> tuple[np.ndarray, np.ndarray]:
    """Measures, little-endian float32 (150, 4), and species."""
    from sklearn.datasets import load_iris

    x, y = load_iris(return_X_y=True)
    return x.astype("<f4"), y


def arrange(contents: Mapping[str, bytes], seed: int) -> Splits:
    """90, 30 and 30 examples drawn by `seed`, every class a third of each split."""
    x = np.frombuffer(contents["x"], "<f4").astype(np.float32).reshape(-1, 4)
    y = np.frombuffer(contents["y"], np.uint8).astype(np.int32)
    return stratified(Split(x, y), validation=0.2, test=0.2, seed=seed)


SOURCE = VerifiedSource(
    name="iris",
    about="R. A. Fisher, as in scikit-learn; public domain",
    shape=(4,),
    sizes=(90, 30, 30),
    classes=("setosa", "versicolor", "virginica"),
    preprocessing=Standardise(),
    origin=ScikitLearn(
        fetch,
        KnownFile("x", 2_400, "c8771c40582769708a2a064b33c50ff3"),
        KnownFile("y", 150, "0c90171cc6bddd4042c791640d138f0c"),
    ),
    arrange=arrange,
)
