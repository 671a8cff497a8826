"""Success over seeds, verdicts on masking, and every attack's accuracy, as tables."""

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np

from apical.adversarial.masking import diagnose
from apical.adversarial.results import AccuracyUnderAttack
from apical.papers.local_stdp.experiments import (
    EPSILONS,
    KIND_PAIRS,
    KINDS,
    PAIRS,
    RULES,
    TEN_CLASSES,
)
from apical.reproduce.evidence import AT_BEST_VALIDATION, Evidence
from apical.reproduce.tables import mean_and_interval
from apical.runs.statistics import proportion_interval
from apical.runs.writing import write_whole

SUCCESS = 0.9
"""Test accuracy from which a run of two classes counts as a success."""
HALF = 0.5
"""The same for ten classes, where chance is .1."""
LEFT_CHANCE = 0.6
"""Test accuracy from which a run of two classes is better than chance."""
KIND_NAMES = {"dense": "fully connected", "lc": "locally connected", "conv": "convolutional"}
TEN_NAMES = {
    "ten-bp": "BP",
    "ten-stdp": "STDP (paper's curve)",
    "ten-wide-balanced": "remedy, rest 1/9",
    "ten-wide-balanced-deep": "the same, two hidden layers",
}
NAMES = {"stdp": "STDP (paper)", "bp": "BP", "wide": "STDP, eps 1e-2"}


def write_success(evidence: Evidence, folder: Path) -> Path:
    """How many seeds end well, and how well: after the last epoch and at the best one."""
    lines = [
        f"Seeds whose test accuracy reaches {SUCCESS:g}, with Wilson's 95 % interval of the rate, "
        "and the mean test accuracy ± 95 % t interval:",
        "",
        "| pair | rule | last epoch: seeds | accuracy | best validation epoch: seeds | accuracy |",
        "|---|---|---|---|---|---|",
    ]
    for pair in PAIRS:
        for name in RULES:
            ends = [
                evidence.values(f"{pair}-{name}", m) for m in ("test_accuracy", AT_BEST_VALIDATION)
            ]
            if ends[0]:
                cells = " | ".join(
                    f"{_rate(values)} | {mean_and_interval(values, 3)}" for values in ends
                )
                lines.append(f"| {pair} | {NAMES[name]} | {cells} |")
    lines += [*_ten_digits(evidence), *_kinds(evidence)]
    return _write(folder / "success.md", "\n".join(lines) + "\n")


def _ten_digits(evidence: Evidence) -> list[str]:
    """How many seeds learn ten digits at once."""
    rows = [
        f"| {TEN_NAMES[name]} | {_rate(values, HALF)} | {mean_and_interval(values, 3)} |"
        for name in TEN_CLASSES
        if (values := evidence.values(name, "test_accuracy"))
    ]
    head = f"Ten digits at once: seeds whose test accuracy reaches {HALF:g} after the last epoch:"
    return _table(head, ("rule", "seeds", "accuracy"), rows)


def _kinds(evidence: Evidence) -> list[str]:
    """How many seeds leave chance with first layers of other kinds, all pairs together."""
    rows = []
    for kind in KINDS:
        for name in RULES:
            runs = [f"{kind}-{data}-{a}v{b}-{name}" for data, (a, b) in KIND_PAIRS]
            values = [v for run in runs for v in evidence.values(run, AT_BEST_VALIDATION)]
            if values:
                rows.append(
                    f"| {KIND_NAMES[kind]} | {NAMES[name]} | {_rate(values, LEFT_CHANCE)} |"
                )
    head = (
        "First layers of other kinds: networks whose test accuracy at the best validation epoch "
        f"reaches {LEFT_CHANCE:g}, which is to leave chance (.5) and less than the {SUCCESS:g} "
        "asked above, on all four pairs together:"
    )
    return _table(head, ("first layer", "rule", "networks"), rows)


def _table(head: str, columns: tuple[str, ...], rows: list[str]) -> list[str]:
    """The lines of a table with a sentence above it; none without rows."""
    bars = "|".join(["---"] * len(columns))
    return ["", head, "", f"| {' | '.join(columns)} |", f"|{bars}|", *rows] if rows else []


def _rate(values: list[float], least: float = SUCCESS) -> str:
    reached = sum(value >= least for value in values)
    low, high = proportion_interval(reached, len(values))
    return f"{reached}/{len(values)} ({low:.2f} to {high:.2f})"


def write_masking(evidence: Evidence, folder: Path) -> Path:
    """What attacks leave at 8/255, and whether hidden gradients explain it."""
    lines = [
        "Test accuracy of the networks of the best validation epoch, mean ± 95 % t interval over "
        f"{_seeds(evidence)} seeds. The verdict on STDP networks looks at BP's beside them, that "
        "on BP's at no others. On the irises most of the paper's STDP networks have not learned "
        "(next table), and a verdict on those says little:",
        "",
        "| pair | rule | clean | noise 8/255 | FGSM 8/255 | PGD 8/255 | adaptive 8/255 "
        "| transfer 8/255 | all together 8/255 | PGD 1/2 | no slope | verdict |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    columns = ("clean.0", *(f"{a}.8/255" for a in ("noise", "fgsm", "pgd", "adaptive")))
    columns += ("transfer.8/255", "worst.8/255", "pgd.1/2")
    for pair in PAIRS:
        twins = list(_measured(evidence, f"{pair}-bp").values())
        for name in RULES:
            experiment = f"{pair}-{name}"
            runs = list(_measured(evidence, experiment).values())
            if not runs:
                continue
            metrics = [f"attacks:accuracy.{column}" for column in columns]
            cells = [mean_and_interval(evidence.values(experiment, m), 3) for m in metrics]
            cells.append(f"{100 * np.mean([run.flat for run in runs]):.0f} %")
            diagnosis = diagnose(runs, EPSILONS, [] if name == "bp" else twins)
            failed = "; ".join(c.demand for c in diagnosis.checks if not c.passed)
            cells.append(diagnosis.masking.value + (f" (failed: {failed})" if failed else ""))
            lines.append(f"| {pair} | {NAMES[name]} | " + " | ".join(cells) + " |")
    return _write(folder / "masking.md", "\n".join(lines) + "\n")


def _seeds(evidence: Evidence) -> str:
    """How many seeds the pairs have."""
    counts, _ = evidence.ran(f"{pair}-{name}" for pair in PAIRS for name in RULES)
    return " or ".join(map(str, sorted(set(counts))))


def _measured(evidence: Evidence, experiment: str) -> dict[int, AccuracyUnderAttack]:
    return evidence.read(experiment, "attacks.json", _whole)


def _whole(stored: dict[str, Any]) -> AccuracyUnderAttack:
    """What was stored, if it has every attack and eps that the checks on masking ask for."""
    run = AccuracyUnderAttack.read(stored)
    diagnose([run], EPSILONS)
    return run


def write_attacks(evidence: Evidence, folder: Path) -> Path:
    """Accuracy of every network under every attack."""
    sizes = ["0", *(eps.text for eps in EPSILONS), "1/2"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["experiment", "seed", "examples", "attack", *sizes])
    for pair in PAIRS:
        for name in RULES:
            experiment = f"{pair}-{name}"
            for seed, run in _measured(evidence, experiment).items():
                for attack, by_eps in run.accuracy.items():
                    cells = [by_eps.get(size, "") for size in sizes]
                    writer.writerow([experiment, seed, run.examples, attack, *cells])
    return _write(folder / "attacks.csv", text.getvalue())


def _write(path: Path, text: str) -> Path:
    write_whole(path, text)
    return path
