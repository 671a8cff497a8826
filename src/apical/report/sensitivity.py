"""How sensitive a rule is to its hyper-parameters: errors over the draws of a search.

After figure 5 of Bartunov et al. 2018, a histogram for each rule.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from apical.errors import UsageError
from apical.report.labels import run_labels, shared_target
from apical.report.saving import save_at
from apical.report.style import colours, look
from apical.tuning.folder import SearchData

BINS = 20


def draw(searches: Sequence[SearchData], out: Path) -> Path:
    """Draw a histogram of validation errors for each search and save them at `out`; `out`.

    Trials that diverged have no error: their share stands by itself at the right.

    **Raises:** `UsageError` if a search has no trial yet, if not all are scored alike, or if the
    ending of `out` is no format; `WriteError` if the file cannot be written.
    """
    for search in searches:
        if not search.trials:
            raise UsageError(f"sensitivity: no trial has ended in {search.path}; search first")
    names = run_labels(searches)
    palette = colours(names)
    errors = np.concatenate([search.errors for search in searches])
    edges = np.histogram_bin_edges(errors, BINS, (0.0, max(errors, default=0.0) or 100.0))
    apart = edges[-1] + 3 * edges[1]
    width = edges[1] / len(searches)
    with look():
        figure, axis = plt.subplots(figsize=(5.2, 3.4))
        for i, (search, name) in enumerate(zip(searches, names, strict=True)):
            share = 100 / len(search.trials)
            style: dict[str, Any] = {"color": palette[name]}
            counts, _ = np.histogram(search.errors, edges)
            axis.stairs(share * counts, edges, fill=True, alpha=0.25, **style)
            axis.stairs(
                share * counts, edges, linewidth=1.6,
                label=f"{name}, {len(search.trials)} draws", **style,
            )  # fmt: skip
            place = apart + (i + 0.5 - len(searches) / 2) * width
            axis.bar(place, share * search.diverged, width, alpha=0.5, hatch="///", **style)
        if any(search.diverged for search in searches):
            ticks = [tick for tick in axis.get_xticks() if 0 <= tick <= edges[-1]]
            axis.set_xticks([*ticks, apart], [*(f"{tick:g}" for tick in ticks), "diverged"])
        axis.set_xlabel(f"best validation {shared_target(searches).shortfall} over epochs (%)")
        axis.set_ylabel("draws (%)")
        axis.set_xlim(left=0)
        axis.legend(loc="upper right")
        return save_at(figure, out, "sensitivity")
