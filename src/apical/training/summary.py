"""The result of a run in one JSON-ready object."""

import statistics
from typing import Any

from apical.rules import Rule
from apical.values import spell


def spread(values: list[float]) -> dict[str, Any]:
    """Mean, sample standard deviation (0 for a single value) and the values themselves."""
    return {
        "mean": statistics.fmean(values),
        "std": statistics.stdev(values) if len(values) > 1 else 0.0,
        "list": values,
    }


def summarise(
    rule: Rule,
    data: str,
    status: str,
    finals: dict[int, dict[str, float]],
    rows: list[dict[str, Any]],
) -> dict[str, Any]:
    """`finals` holds each seed's last losses and accuracies, `rows` the epochs of all seeds."""
    summary: dict[str, Any] = {
        "rule": rule.name,
        "spelled": spell(rule),
        "data": data,
        "status": status,
        "n_seeds": len(finals),
        "seeds": list(finals),
        "epochs": [max((r["epoch"] for r in rows if r["seed"] == s), default=0) for s in finals],
    }
    if finals:
        for key in next(iter(finals.values())):
            summary[key] = spread([final[key] for final in finals.values()])
        summary["best_validation"] = _best(rows, list(finals))
    if rows:
        # The median leaves out the epochs that had to compile first.
        summary["seconds_per_epoch"] = statistics.median(r["seconds"] for r in rows)
        summary["seconds_total"] = sum(r["seconds"] + r["seconds_measuring"] for r in rows)
    return summary


def _best(rows: list[dict[str, Any]], seeds: list[int]) -> dict[str, Any] | None:
    """Each seed's epoch of best validation accuracy, the first of equals, and its accuracies."""
    best = []
    for seed in seeds:
        own = [r for r in rows if r["seed"] == seed and r["val_accuracy"] is not None]
        if not own:
            return None
        best.append(max(own, key=lambda r: (r["val_accuracy"], -r["epoch"])))
    found: dict[str, Any] = {"epoch": [r["epoch"] for r in best]}
    for key in ("val_accuracy", "test_accuracy"):
        if all(key in r for r in best):
            found[key] = spread([r[key] for r in best])
    return found
