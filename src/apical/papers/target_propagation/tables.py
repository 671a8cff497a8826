"""Table 1: the paper's errors beside ours, with the epochs that ours ran."""

import csv
from pathlib import Path

import numpy as np

from apical.papers.target_propagation.networks import EPOCHS, SETUPS
from apical.reproduce.evidence import AT_BEST_VALIDATION, Evidence
from apical.reproduce.tables import mean_and_interval


def table_1(evidence: Evidence) -> str:
    """Markdown: one row a cell that has run; train and test errors in per cent."""
    lines = [
        f"Table 1 (errors in per cent; the paper's runs took {EPOCHS} epochs):",
        "",
        "| network | method | epochs | n | train, last: ours / paper "
        "| test at best validation | test, last | best test over epochs: ours / paper |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for setup in SETUPS:
        for method, printed in printed_errors(setup).items():
            name = f"{setup}-{method}"
            if not evidence.runs(name):
                continue
            epochs, tests = evidence.curve(name, "test_accuracy", first=1)
            trains = evidence.values(name, "summary:train_accuracy.list")
            best = np.array(evidence.values(name, AT_BEST_VALIDATION))
            lines.append(
                f"| {setup} | {method} | {epochs[-1]} | {len(tests)} "
                f"| {_error(np.array(trains))} / {printed['train']} | {_error(best)} "
                f"| {_error(tests[:, -1])} | {_error(tests.max(axis=1))} / {printed['test']} |"
            )
    return "\n".join(lines) + "\n"


def printed_errors(setup: str) -> dict[str, dict[str, str]]:
    """Table 1 as printed, of one network: by method "train" and "test" in per cent."""
    with (Path(__file__).parent / "table-1.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {
        row["method"]: dict(zip(("train", "test"), row[setup].split("/"), strict=True))
        for row in rows
        if row[setup]
    }


def _error(accuracies: np.ndarray) -> str:
    return mean_and_interval(100 * (1 - accuracies), 2)
