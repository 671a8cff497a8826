"""Data sets as plain arrays: `load` a known one, or bring your own with `from_arrays`.

Importing this package is light: scikit-learn, pooch and JAX are imported when first needed.
"""

from apical.data.arrays import from_arrays
from apical.data.dataset import Dataset, Split
from apical.data.loading import load, names
from apical.data.preprocessing import Centre, Preprocessing, Scale, Standardise, UnitRange

__all__ = [
    "Centre",
    "Dataset",
    "Preprocessing",
    "Scale",
    "Split",
    "Standardise",
    "UnitRange",
    "from_arrays",
    "load",
    "names",
]
