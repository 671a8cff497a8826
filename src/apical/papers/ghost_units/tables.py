"""Table 1: the paper's accuracies beside ours, with the epochs that ours ran."""

import tomllib
from pathlib import Path
from statistics import fmean

from apical.papers.ghost_units.experiments import cells, quick
from apical.reproduce.evidence import Evidence
from apical.reproduce.tables import mean_and_interval
from apical.runs.statistics import FEWEST

TRAIN = {
    "ma-100": (0.9997, 0.9990),
    "ma-300": (1.0, 0.9999),
    "ma-500": (1.0, 1.0),
    "ma-500-500": (0.9967, 0.9993),
    "ma-prime-500": (0.9777, None),
    "mb-100": (0.9931, 0.9893),
    "mb-300": (0.9970, 0.9948),
    "mb-500": (0.9976, 0.9956),
    "mb-300-300": (0.9984, 0.9978),
    "mb-500-500": (0.9991, 0.9985),
}
"""The paper's training accuracies, TF and FA; it claims the test accuracies (claims.toml)."""


def table_1(evidence: Evidence) -> str:
    """Markdown: one row a cell that has run."""
    with (Path(__file__).parent / "claims.toml").open("rb") as file:
        claims = {claim["id"]: claim["test"] for claim in tomllib.load(file)["claims"]}
    lines = [
        "| cell | epochs, ours / paper | n | train, ours / paper | test, ours / paper |",
        "|---|---|---|---|---|",
    ]
    rows = evidence.summary()
    for cell in sorted(cells(), key=lambda cell: cell.name):
        found = [row for row in rows if row["experiment"] in {cell.name, quick(cell).name}]
        if not found:
            continue
        ran = found[0]
        model, _, feedback = cell.name.rpartition("-")
        train, test = (
            _mean([row[f"{split}_accuracy"] for row in found]) for split in ("train", "test")
        )
        lines.append(
            f"| {ran['experiment']} | {ran['epochs']} / {cell.settings.epochs} | {len(found)} "
            f"| {train} / {TRAIN[model][feedback == 'fa']:.4f} "
            f"| {test} / {claims[cell.name]['value']:.4f} |"
        )
    head = (
        f"Table 1, cell by cell; means of n seeds, ± 95 % t intervals of {FEWEST} or more. Fewer "
        "have none:"
    )
    return "\n".join([head, "", *lines]) + "\n"


def _mean(values: list[float]) -> str:
    """The mean, with its interval if there are seeds enough for one."""
    return mean_and_interval(values if len(values) >= FEWEST else [fmean(values)], 4)
