"""The author's logged accuracies beside ours, at the iterations that he logged."""

import csv
from pathlib import Path

import numpy as np

from apical.papers.itd.experiments import SETTING
from apical.report.bands import interval
from apical.reproduce.evidence import Evidence

RULES = {"vbp": "VBP", "fba": "FBA", "itd-mce": "ITD, MCE", "itd-lse": "ITD, LSE"}


def author_log() -> dict[str, list[float]]:
    """Test accuracy of the author's single runs, from the outputs stored in his notebooks."""
    with (Path(__file__).parent / "author_logs.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in rows[0]}


def iterations(evidence: Evidence) -> str:
    """Markdown: the author's run / our mean and the half-width of its 95 % interval."""
    log = author_log()
    n = len(evidence.runs("vbp"))
    lines = [
        f"Test accuracy, the author's one run / our mean of {n} seeds ± 95 % interval:",
        "",
        "| iteration | " + " | ".join(RULES.values()) + " |",
        "|---|" + "---|" * len(RULES),
    ]
    for row, iteration in enumerate(log["iteration"]):
        epoch = round(iteration / (SETTING.steps_per_epoch or 1))
        cells = [
            f"{log[rule][row]:.3f} / {_ours(evidence.values(f'{rule}@{epoch}', 'test_accuracy'))}"
            for rule in RULES
        ]
        lines.append(f"| {iteration:.0f} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _ours(values: list[float]) -> str:
    if not values:
        return "-"
    mean, half = interval(np.array(values))
    return f"{mean:.3f}" + ("" if np.isnan(half) else f" ± {half:.3f}")
