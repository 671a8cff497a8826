"""Table 1: the paper's errors beside ours, with the epochs that ours ran."""

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from apical.papers.target_propagation.methods import (
    DAMPED,
    LETTER,
    METHODS,
    search_of,
    searched_as,
)
from apical.papers.target_propagation.networks import EPOCHS, TABLE_1
from apical.reproduce.evidence import AT_BEST_VALIDATION, Evidence
from apical.reproduce.tables import mean_and_interval

HEAD = (
    "| network | method | search | epochs | n | train, last: ours / paper "
    "| test at best validation | test, last | best test over epochs: ours / paper |"
)
VARIANTS = ("-narrow", "-table-5")
"""A method of the paper with other settings, on the same network."""


def table_1(evidence: Evidence) -> str:
    """Markdown: a row a cell, train and test errors in per cent; then our own variants."""
    rows, ours = [], []
    for setup in TABLE_1:
        for row, printed in printed_errors(setup).items():
            found = [cell for method in _of(row) for cell in _cells(evidence, setup, method)]
            rows += [_row(evidence, setup, cell, printed) for cell in found]
            if not found:
                rows.append(
                    f"| {setup} | {row} | - | not run | 0 | - / {printed['train']} | - | - "
                    f"| - / {printed['test']} |"
                )
        ours += [
            _row(evidence, setup, cell)
            for method in DAMPED
            for cell in _cells(evidence, setup, method)
        ]
    return "\n".join(
        [
            "Table 1. Errors in per cent, the mean of n seeds and its 95 % interval where there "
            f"are several; the paper, after {EPOCHS} epochs, has one number a cell. Its SDTP and "
            "AO-SDTP run to the letter, local losses `summed` over units or `averaged`; `narrow`: "
            "searched in the ranges and with the budget of DTP; `table-5`: with the settings of "
            "Table 5, at constant rates. In `alternating` an epoch is two passes, one for the "
            "inverses and one for the network. `search`: draws x epochs of our search, on this "
            "network or on the one named, `again`: for 20 epochs; more draws are more chances. "
            "`none`: settings of Table 5.",
            "",
            HEAD,
            "|---|---|---|---|---|---|---|---|---|",
            *rows,
            "",
            "Our variants of SDTP and AO-SDTP, with a short step and a linear inverse of the "
            "output. They are not the paper's rules, and the paper has no numbers of them.",
            "",
            HEAD.replace(": ours / paper", ""),
            "|---|---|---|---|---|---|---|---|---|",
            *ours,
            "",
        ]
    )


def _of(row: str) -> list[str]:
    """The methods that a row of Table 1 is run with."""
    return [m for m in METHODS if m == row or (m in LETTER and m.startswith(f"{row}-"))]


def _cells(evidence: Evidence, setup: str, method: str) -> list[str]:
    """The experiments of a method on a network that have run, without the network's name."""
    names = [method, *(method + variant for variant in VARIANTS)]
    return [name for name in names if evidence.runs(f"{setup}-{name}")]


def _row(
    evidence: Evidence, setup: str, cell: str, printed: Mapping[str, str] | None = None
) -> str:
    name = f"{setup}-{cell}"
    epochs, tests = evidence.curve(name, "test_accuracy", first=1)
    train = np.array(evidence.values(name, "summary:train_accuracy.list"))
    best = np.array(evidence.values(name, AT_BEST_VALIDATION))
    beside = {} if printed is None else {k: f" / {error}" for k, error in printed.items()}
    return (
        f"| {setup} | {cell} | {_searched(setup, cell)} | {epochs[-1]} | {len(tests)} "
        f"| {_error(train)}{beside.get('train', '')} | {_error(best)} "
        f"| {_error(tests[:, -1])} | {_error(tests.max(axis=1))}{beside.get('test', '')} |"
    )


def _searched(setup: str, cell: str) -> str:
    """`48 x 6, best 3 again (mnist-fc)`: how widely a cell was searched, and on which network."""
    found = None if cell.endswith("-table-5") else searched_as(setup, cell)
    if found is None:
        return "none"
    network, method = found
    search = search_of(network, method)
    again = f", best {search.finalists} again" if search.finalists else ""
    where = "" if network == setup else f" ({network})"
    return f"{search.draws} x {search.epochs}{again}{where}"


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
