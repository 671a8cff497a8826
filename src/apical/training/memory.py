"""Whether what a run keeps fits into the machine at all."""

import math
import os

import jax
from jaxtyping import PyTree

from apical.errors import UsageError


def refuse_giants(shapes: PyTree[jax.ShapeDtypeStruct]) -> None:
    """Raises `UsageError` if arrays of these shapes need more than all of the machine's memory."""
    needed = sum(math.prod(a.shape) * a.dtype.itemsize for a in jax.tree.leaves(shapes))
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > there:
        raise UsageError(
            f"hidden, net: weights and optimizer need {needed / 2**30:.0f} GiB, and this machine "
            f"has {there / 2**30:.0f}; make the layers smaller"
        )
