"""The result of a run in one JSON-ready object."""

import statistics
from typing import Any

from apical.networks.targets import Target
from apical.rules import Rule
from apical.runs.best import best
from apical.values.spelling import spell


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
    target: Target,
) -> dict[str, Any]:
    """`finals` holds each seed's last losses and scores, `rows` the epochs of all seeds."""
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
        summary["best_validation"] = _best(rows, list(finals), target)
    if rows:
        # The median leaves out the epochs that had to compile first.
        summary["seconds_per_epoch"] = statistics.median(r["seconds"] for r in rows)
        summary["seconds_total"] = sum(r["seconds"] + r["seconds_measuring"] for r in rows)
    return summary


def _best(rows: list[dict[str, Any]], seeds: list[int], target: Target) -> dict[str, Any] | None:
    """Each seed's epoch of best validation score and its scores; None without any."""
    chosen = [best((r for r in rows if r["seed"] == seed), target) for seed in seeds]
    known = [row for row in chosen if row is not None]
    if len(known) < len(seeds):
        return None
    found: dict[str, Any] = {"epoch": [r["epoch"] for r in known]}
    for key in (target.metric("val"), target.metric("test")):
        if all(key in r for r in known):
            found[key] = spread([r[key] for r in known])
    return found
