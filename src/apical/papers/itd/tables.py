"""The author's logged accuracies beside ours, at the iterations that he logged."""

import csv
from pathlib import Path

from apical.papers.itd.experiments import SETTING
from apical.reproduce.evidence import Evidence
from apical.reproduce.tables import mean_and_interval

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
            f"{log[rule][row]:.3f} / "
            + mean_and_interval(evidence.values(f"{rule}@{epoch}", "test_accuracy"), 3)
            for rule in RULES
        ]
        lines.append(f"| {iteration:.0f} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
