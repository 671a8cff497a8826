"""The claims table, as JSON for machines and Markdown for readers, and how tables write numbers."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from apical.reproduce.claims import Claim, Statement
from apical.reproduce.evidence import Evidence
from apical.reproduce.judgement import BY_INTERVAL, RULED, Finding, Verdict
from apical.reproduce.paper import Paper
from apical.runs.statistics import mean_and_half_width

SMOKE = "smoke proves that the machinery runs and nothing about the claims"
JUDGED = (
    "ours (95 % interval)",
    "n",
    "protocol",
    "verdict",
    "rule written",
    "deviations",
)
WORDS = (
    "Where our runs have fewer epochs than the paper's, nothing is decided: the verdict is *in "
    "line* for reproduced, *not in line* for not reproduced and *undecided* for partial. An aim is "
    "*met* for reproduced, *not met* for not reproduced and *undecided* for partial."
)
DATES = (
    "*Rule written* is the day on which the demand or its tolerance was written. The kinds of "
    f"rules above have this form since {RULED}, when most runs were known, and so has the level of "
    "several differences or cases together; no verdict changed with that level."
)


def rows(
    statements: Sequence[Statement], evidence: Evidence, protocol: str
) -> list[dict[str, Any]]:
    """Every claim and aim judged by its own rule; a smoke run judges none."""
    return [_row(statement, statement.judge(evidence), protocol) for statement in statements]


def _row(statement: Statement, found: Finding, protocol: str) -> dict[str, Any]:
    smoke = protocol == "smoke"
    half = found.ci95
    told = (
        {"kind": "claim", "source": statement.source, "sure": statement.sure}
        if isinstance(statement, Claim)
        else {"kind": "aim"}
    )
    return {
        "id": statement.id,
        "claim": statement.claim,
        **told,
        "demand": statement.judgement.demand,
        "ours": found.ours,
        "ci95": None if half is None or math.isnan(half) else half,
        "n": found.n,
        "protocol": protocol,
        "verdict": (Verdict.NOT_JUDGED if smoke else found.verdict).value,
        "budget": "" if smoke else found.budget,
        "note": SMOKE if smoke else found.note,
        "rule": statement.judgement.rule,
        "ruled": statement.ruled.isoformat(),
        "after_runs": statement.after_runs,
        "deviations": list(statement.deviations),
    }


def markdown(paper: Paper, table: Sequence[dict[str, Any]]) -> str:
    """The tables as Markdown: the paper's claims, our aims, how they are judged, deviations."""
    claims, aims = ([row for row in table if row["kind"] == kind] for kind in ("claim", "aim"))
    lines = _table(
        ("claim", "source", "paper", *JUDGED),
        [(_named(row), f"{row['source']} ({row['sure']})", *_judged(row)) for row in claims],
    )
    if aims:
        lines += ["", "Aims of ours, which the paper does not state:", ""]
        lines += _table(("aim", "demand", *JUDGED), [(_named(row), *_judged(row)) for row in aims])
    lines += ["", "How a verdict is reached:", "", f"- {BY_INTERVAL}", f"- {WORDS}"]
    lines += [f"- {rule}" for rule in dict.fromkeys(row["rule"] for row in table)]
    lines += [f"- {DATES}"]
    lines += ["", "Deviations from the paper's protocol:", ""]
    lines += [f"{number}. {text}" for number, text in paper.deviations.items()]
    return "\n".join(lines) + "\n"


def _table(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str]:
    lines = (columns, ["---"] * len(columns), *cells)
    return ["| " + " | ".join(line) + " |" for line in lines]


def _named(row: dict[str, Any]) -> str:
    return f"`{row['id']}` {row['claim']}"


def _judged(row: dict[str, Any]) -> tuple[str, ...]:
    """The cells of a row from what is demanded on."""
    ruled = row["ruled"] + (f", after runs: {row['after_runs']}" if row["after_runs"] else "")
    return (
        number(row["demand"]),
        ours(row),
        str(row["n"]),
        row["protocol"],
        " ".join(filter(None, (f"**{row['verdict']}**", row["budget"])))
        + (f"<br>{row['note']}" if row["note"] else ""),
        ruled,
        ", ".join(map(str, row["deviations"])),
    )


def ours(row: dict[str, Any]) -> str:
    """What our runs say in a row: the mean with the half-width of its interval, or a count."""
    half = "" if row["ci95"] is None else f" ± {row['ci95']:.4f}"
    return number(row["ours"]) + half


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
