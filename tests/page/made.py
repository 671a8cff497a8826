"""Folders that a page is made of, written as runs write them but without training."""

import csv
import json
from pathlib import Path
from typing import Any

from apical import BP, FA, Settings
from apical.rules import Rule
from apical.runs.folder import RunFolder
from apical.values.spelling import encode, spell

SCORES = (0.90, 0.92, 0.97)


def run(
    folder: Path,
    rule: Rule,
    *,
    seeds: int = 3,
    epochs: int = 4,
    name: str = "digits",
    lr: float = 1e-3,
) -> Path:
    """A finished run of a network with one hidden layer; its seeds end at `SCORES`."""
    folder.mkdir(parents=True)
    files = RunFolder(folder)
    settings = Settings(epochs=epochs, lr=lr)
    data = {"name": name, "classes": ["0", "1"], "digest": "0"}
    asked = {"rule": encode(rule), "data": data, "settings": settings.to_json()}
    files.write("config.json", {**asked, "seed": 0, "seeds": seeds})
    files.write("env.json", {"commit": "abc<i>", "versions": {"jax": "1"}})
    for seed in range(seeds):
        files.append("initial.jsonl", _row(seed, 0, 0.1))
        for epoch in range(1, epochs + 1):
            row = _row(seed, epoch, SCORES[seed % 3] * epoch / epochs)
            files.append("metrics.jsonl", {**row, "seconds": 0.5, "seconds_measuring": 0.1})
    finals = [SCORES[seed % 3] for seed in range(seeds)]
    summary = {"rule": spell(rule), "status": "finished", "test_accuracy": {"list": finals}}
    files.write("summary.json", {**summary, "seconds_per_epoch": 0.5})
    return folder


def _row(seed: int, epoch: int, accuracy: float) -> dict[str, Any]:
    alignment = {"cosine": [accuracy, 1.0], "feedback_angle": [90 - 50 * accuracy, None]}
    measured = {"val_accuracy": accuracy, "val_loss": 2 - accuracy, "alignment": alignment}
    return {"seed": seed, "epoch": epoch, **measured}


def comparison(folder: Path) -> Path:
    """A comparison of BP and FA with its runs."""
    for rule in (BP(), FA()):
        run(folder / rule.name, rule)
    told = {
        "data": "digits", "terms": "settings shared, not tuned", "metric": "test_accuracy",
        "seeds": [0, 1, 2], "budget": None, "tuning": None,
        "rules": [_contestant("bp", 0.0), _contestant("fa", 0.01)],
        "pairs": [
            {"one": "fa", "other": "bp", "n": 3, "mean": 0.01, "half_width": 0.002, "effect": 5.0,
             "p": 0.01, "p_holm": 0.012, "p_permutation": 0.25, "seeds_needed": 3,
             "words": "fa is better than bp <b>by far</b>"},
        ],
    }  # fmt: skip
    (folder / "comparison.json").write_text(json.dumps(told))
    return folder


def _contestant(label: str, more: float) -> dict[str, Any]:
    return {
        "label": label, "rule": label, "terms": None, "folder": label, "settings": {},
        "score": {"mean": 0.93 + more, "half_width": None, "list": [0.93 + more]},
        "reference": "bp", "tuned": None,
        "spent": {"epochs": 4.0, "updates": 40, "examples": 400, "seconds": 2.0},
        "step": {"times_bp": {"seconds": 1.0, "flops": 1.25, "bytes": None}},
    }  # fmt: skip


def reproduction(folder: Path) -> Path:
    """What `apical reproduce itd` leaves: a claim that failed, and an experiment of three seeds."""
    for seed in range(3):
        run(folder / "runs" / "vbp" / f"seed-{seed}", BP(), seeds=1)
        config = json.loads((folder / "runs" / "vbp" / f"seed-{seed}" / "config.json").read_text())
        RunFolder(folder / "runs" / "vbp" / f"seed-{seed}").write(
            "config.json", config | {"seed": 0}
        )
    claim = {
        "id": "order", "claim": "A & B <script>alert(1)</script>", "kind": "claim",
        "source": "Figure 2", "sure": "verified", "demand": 0.915, "ours": 0.8, "ci95": 0.01,
        "n": 3, "protocol": "paper", "verdict": "not reproduced", "budget": "", "note": "",
        "rule": "by interval", "ruled": "2026-11-22", "after_runs": "", "deviations": [1],
    }  # fmt: skip
    (folder / "claims.json").write_text(json.dumps([claim]))
    (folder / ".paper").write_text("itd\n")
    return folder


def attack(folder: Path) -> Path:
    """What `apical attack` leaves of three seeds."""
    folder.mkdir(parents=True)
    with open(folder / "attack.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["seed", "attack", "eps", "accuracy"])
        for seed, less in enumerate((0, 0.01, 0.02)):
            rows = [("clean", "0", 0.9), ("pgd", "4/255", 0.5), ("pgd", "8/255", 0.2)]
            table.writerows([seed, name, eps, right - less] for name, eps, right in rows)
    return folder
