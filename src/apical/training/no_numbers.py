"""What was diagnosed and is no number is told, since a run's files have a mere null for it."""

import math
import warnings
from collections.abc import Iterator, Mapping
from typing import Any


def warn_of_no_numbers(seed: int, epoch: int, diagnosed: Mapping[str, Any]) -> None:
    """Warn in one line of every quantity, and layer, that is nan or infinite.

    **Arguments:**

    - `diagnosed`: trees of numbers whose lists have one for each layer; None, where a layer has
      none, is nothing to tell.

    !!! example

        >>> with warnings.catch_warnings(record=True) as told:
        ...     warn_of_no_numbers(0, 3, {"alignment": {"cosine": [0.5, math.nan, None]}})
        >>> print(told[0].message)
        seed 0, epoch 3: alignment cosine of layer 2: not finite, recorded as null
    """
    if found := ", ".join(told for name, tree in diagnosed.items() for told in _lost(name, tree)):
        told = f"seed {seed}, epoch {epoch}: {found}: not finite, recorded as null"
        warnings.warn(told, stacklevel=1)


def _lost(name: str, tree: Any) -> Iterator[str]:
    if isinstance(tree, Mapping):
        for key, inner in tree.items():
            yield from _lost(f"{name} {key}", inner)
    elif isinstance(tree, list):
        for l, inner in enumerate(tree, start=1):
            yield from _lost(f"{name} of layer {l}", inner)
    elif tree is not None and not math.isfinite(tree):
        yield name.replace("_", " ")
