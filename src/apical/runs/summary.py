"""The result of a run in one JSON-ready object."""

import statistics
from collections.abc import Callable
from typing import Any

from apical.runs.best import best


def spread(values: list[float]) -> dict[str, Any]:
    """Mean, sample standard deviation (0 for a single value) and the values themselves."""
    return {
        "mean": statistics.fmean(values),
        "std": statistics.stdev(values) if len(values) > 1 else 0.0,
        "list": values,
    }


def summarise(
    about: dict[str, str],
    status: str,
    finals: dict[int, dict[str, float]],
    rows: list[dict[str, Any]],
    metric: Callable[[str], str],
) -> dict[str, Any]:
    """The content of summary.json.

    `about` says what was trained; `finals` holds each seed's last metrics, `rows` the epochs of all
    seeds; `metric(split)` names the score.
    """
    summary: dict[str, Any] = {
        **about,
        "status": status,
        "n_seeds": len(finals),
        "seeds": list(finals),
        "epochs": [max((r["epoch"] for r in rows if r["seed"] == s), default=0) for s in finals],
    }
    if finals:
        for key in next(iter(finals.values())):
            summary[key] = spread([final[key] for final in finals.values()])
        summary["best_validation"] = _best(rows, list(finals), metric)
    if rows:
        # The median leaves out the epochs that had to compile first.
        summary["seconds_per_epoch"] = statistics.median(r["seconds"] for r in rows)
        summary["seconds_total"] = sum(r["seconds"] + r["seconds_measuring"] for r in rows)
    return summary


def _best(
    rows: list[dict[str, Any]], seeds: list[int], metric: Callable[[str], str]
) -> dict[str, Any] | None:
    """Each seed's epoch of best validation score and its scores; None without any."""
    chosen = [best((r for r in rows if r["seed"] == seed), metric("val")) for seed in seeds]
    known = [row for row in chosen if row is not None]
    if len(known) < len(seeds):
        return None
    found: dict[str, Any] = {"epoch": [r["epoch"] for r in known]}
    scores = {split: metric(split).removeprefix(f"{split}_") for split in ("val", "test")}
    for split, score in scores.items():
        for key in known[0]:
            if key.startswith(f"{split}_") and key.endswith(score) and all(key in r for r in known):
                found[key] = spread([r[key] for r in known])
    return found
