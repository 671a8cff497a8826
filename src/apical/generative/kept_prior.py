"""The prior of a saved model, kept beside its checkpoints.

To fit it takes inference over the whole training set, where sampling needs the samples alone.
"""

import io
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from apical.errors import WriteError
from apical.generative.sampling import Prior
from apical.runs.writing import write_whole


def fitted_once(folder: Path, fingerprint: int, units: int, fit: Callable[[], Prior]) -> Prior:
    """The prior that a folder keeps under this fingerprint, or else what `fit` gives, kept now.

    **Arguments:**

    - `fingerprint`: of all that the prior follows from, so that no file is ever out of date.
    - `units`: of the top.
    """
    path = folder / f"prior-{fingerprint:08x}.npz"
    if (there := _read(path, units)) is not None:
        return there
    found = fit()
    content = io.BytesIO()
    np.savez(content, mean=np.asarray(found.mean), variance=np.asarray(found.variance))
    with suppress(WriteError):  # a run that cannot be written to is sampled all the same
        write_whole(path, content.getvalue())
    return found


def _read(path: Path, units: int) -> Prior | None:
    """What a file holds; None if there is none, or if it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            prior = Prior(*(jnp.asarray(kept[name]) for name in Prior._fields))
    except Exception:  # whatever the damaged part of the file happens to break
        return None
    whole = all(a.shape == (units,) and bool(jnp.isfinite(a).all()) for a in prior)
    return prior if whole else None
