"""The claims table, as JSON for machines and Markdown for readers, and how tables write numbers."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from apical.reproduce.evidence import Evidence
from apical.reproduce.judgement import Finding, Verdict
from apical.reproduce.paper import Claim, Paper
from apical.runs.statistics import mean_and_half_width

SMOKE = "smoke proves that the machinery runs and nothing about the claims"


def rows(claims: Sequence[Claim], evidence: Evidence, protocol: str) -> list[dict[str, Any]]:
    """Every claim judged by its own rule; a smoke run judges none."""
    return [_row(claim, claim.judgement.judge(evidence), protocol) for claim in claims]


def _row(claim: Claim, found: Finding, protocol: str) -> dict[str, Any]:
    smoke = protocol == "smoke"
    half = found.ci95
    return {
        "id": claim.id,
        "claim": claim.claim,
        "source": claim.source,
        "sure": claim.sure,
        "paper": claim.judgement.paper,
        "ours": found.ours,
        "ci95": None if half is None or math.isnan(half) else half,
        "n": found.n,
        "protocol": protocol,
        "verdict": (Verdict.NOT_JUDGED if smoke else found.verdict).value,
        "rule": claim.judgement.rule,
        "note": SMOKE if smoke else found.note,
        "deviations": list(claim.deviations),
    }


def markdown(paper: Paper, table: Sequence[dict[str, Any]]) -> str:
    """The table as Markdown, with the rules of judgement and the deviations below it."""
    lines = [
        "| claim | source | paper | ours (95 % interval) | n | protocol | verdict | deviations |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in table:
        cells = [
            f"`{row['id']}` {row['claim']}",
            f"{row['source']} ({row['sure']})",
            number(row["paper"]),
            number(row["ours"]) + ("" if row["ci95"] is None else f" ± {row['ci95']:.4f}"),
            str(row["n"]),
            row["protocol"],
            f"**{row['verdict']}**" + (f"<br>{row['note']}" if row["note"] else ""),
            ", ".join(map(str, row["deviations"])),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "How a verdict is reached:", ""]
    lines += [f"- {rule}" for rule in dict.fromkeys(row["rule"] for row in table)]
    lines += ["", "Deviations from the paper's protocol:", ""]
    lines += [f"{number}. {text}" for number, text in paper.deviations.items()]
    return "\n".join(lines) + "\n"


def mean_and_interval(values: Sequence[float] | np.ndarray, digits: int) -> str:
    """`0.974 ± 0.002`, mean and half-width of its 95 % t interval over the seeds.

    One value has no interval and stands alone; none is a dash.

    !!! example

        >>> mean_and_interval([0.97, 0.98, 0.99], digits=2)
        '0.98 ± 0.02'
    """
    if not len(values):
        return "-"
    mean, half = mean_and_half_width(np.asarray(values))
    return f"{mean:.{digits}f}" + ("" if np.isnan(half) else f" ± {half:.{digits}f}")


def number(value: str | float | None) -> str:
    """Four decimals for a number, a dash for nothing."""
    if value is None:
        return "-"
    return value if isinstance(value, str) else f"{value:.4f}"
