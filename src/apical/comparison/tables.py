"""What a comparison leaves to read: comparison.json, and its tables as Markdown and LaTeX."""

import json
import math
import re
import statistics
from collections.abc import Sequence
from pathlib import Path

from apical.comparison.compare import Comparison
from apical.comparison.contestants import Contestant
from apical.runs.statistics import half_width
from apical.runs.writing import write_whole

Rows = Sequence[Sequence[str]]

NOTE = (
    "±: 95 % t intervals over seeds, of differences over pairs of runs from the same initial "
    "weights and minibatches. p: two-sided paired t tests, Holm-adjusted for all pairs; "
    "permutation: sign-flip tests, exact up to 16 seeds, not adjusted. Seeds needed: for a power "
    "of .8. Costs: of a seed; seconds of training, without compiling and measuring; a step's FLOPs "
    "and memory as its compiled program tells."
)
LEFT_OUT = "A rule that diverged is left out of differences, p values and costs."
APART = "These rules refuse the settings of the others and are set against bp at their own."


def write(found: Comparison, folder: Path) -> list[Path]:
    """Write comparison.json, comparison.md and comparison.tex; the files.

    Raises `WriteError` if one cannot be written.
    """
    told = json.dumps(_finite(found.to_json()), indent=1) + "\n"
    texts = {"json": told, "md": markdown(found), "tex": latex(found)}
    for ending, text in texts.items():
        write_whole(folder / f"comparison.{ending}", text)
    return [folder / f"comparison.{ending}" for ending in texts]


def scores(found: Comparison) -> Rows:
    """A heading, and a row a rule: its score, and the difference to the first at its terms, or that
    it diverged."""
    target = found.plan.contestants[0].settings.target
    heading = ["rule", f"test {target.score} (%)", "difference", "to", "p", "seeds needed"]
    return [heading, *(_score(found, each) for each in found.plan.contestants)]


def _score(found: Comparison, contestant: Contestant) -> list[str]:
    if (lost := found.diverged.get(contestant.label)) is not None:
        return [name(contestant), lost.words, "", "", "", ""]
    values = list(found.scores(contestant.label).values())
    row = [name(contestant), percent(statistics.fmean(values), half_width(values))]
    difference = found.difference(contestant)
    if difference is None:
        return [*row, "", "", "", ""]
    return [
        *row,
        percent(difference.mean, difference.half_width, "+"),
        difference.other,
        "" if difference.n < 2 else f"{difference.p_holm:.2g}",
        _count(difference.seeds_needed),
    ]


def costs(found: Comparison) -> Rows:
    """A heading, and a row a rule: what a seed spent, and a step as a multiple of bp's."""
    heading = ["rule", "epochs", "updates", "examples", "seconds", "time × bp", "FLOPs × bp"]
    return [[*heading, "memory × bp"], *(_cost(found, each) for each in found.contestants)]


def _cost(found: Comparison, contestant: Contestant) -> list[str]:
    spent = found.spent(contestant)
    own, bp = found.costs[contestant.label]
    return [
        name(contestant),
        f"{spent['epochs']:g}",
        f"{spent['updates']:.0f}",
        f"{spent['examples']:.0f}",
        f"{spent['seconds']:.3g}",
        _times(found.times_bp(contestant)),
        _times(own.flops / bp.flops),
        _times(own.bytes / bp.bytes),
    ]


def name(contestant: Contestant) -> str:
    """Its label, with a star if it is at terms of its own."""
    return contestant.label + " *" * bool(contestant.terms)


def pairs(found: Comparison) -> Rows:
    """A heading, and a row a pair of rules at the same terms."""
    heading = ["pair", "difference", "p", "permutation p", "effect", "seeds needed", "verdict"]
    rows = [
        [
            f"{d.one} - {d.other}",
            percent(d.mean, d.half_width, "+"),
            "" if d.n < 2 else f"{d.p_holm:.2g}",
            "" if d.n < 2 else f"{d.p_permutation:.2g}",
            "" if math.isnan(d.effect) else f"{d.effect:+.2f}",
            _count(d.seeds_needed),
            d.words,
        ]
        for d in found.differences
    ]
    return [heading, *rows]


def tuned(found: Comparison) -> Rows:
    """A heading, and a row a search: what it spent and found. Empty without tuning."""
    if not found.plan.tuned:
        return []
    heading = ["rule", "trials", "diverged", "seconds", "validation (%)", "values", "drawn from"]
    rows = [
        [
            label,
            str(told.trials),
            str(told.diverged),
            f"{told.seconds:.0f}",
            f"{100 * told.validation:.2f}",
            ", ".join(f"{name} {value:g}" for name, value in told.values.items()),
            ", ".join(f"{name} {span}" for name, span in told.space.items()),
        ]
        for label, told in found.plan.tuned.items()
    ]
    return [heading, *rows]


def markdown(found: Comparison) -> str:
    """All tables, with what was done and how to read them."""
    lines = [f"# Comparison on {found.plan.data.name}", "", sentence(found), ""]
    lines += [*_markdown(scores(found)), ""]
    if any(each.terms for each in found.plan.contestants):
        lines += [f"\\* {APART}", ""]
    if found.diverged:
        lines += [LEFT_OUT, "", *(f"- {n}: {d.told}" for n, d in found.diverged.items()), ""]
    lines += ["## Pairs", "", *_markdown(pairs(found)), ""]
    lines += ["## Costs", "", *_markdown(costs(found)), ""]
    if found.plan.tuned:
        lines += ["## Tuning", "", *_markdown(tuned(found)), ""]
    return "\n".join([*lines, NOTE, ""])


def sentence(found: Comparison) -> str:
    """What was done to make the terms equal, and how often."""
    n = len(found.plan.seeds)
    return f"Terms: {found.plan.terms}; {n} seed{'s' * (n > 1)} each, the same for all."


def latex(found: Comparison) -> str:
    """The tables as LaTeX, for the package booktabs."""
    parts = [f"% {sentence(found)}", f"% {NOTE}", *[f"% {LEFT_OUT}"] * bool(found.diverged)]
    for rows in filter(None, (scores(found), _numbers(found), costs(found), tuned(found))):
        parts += ["", *_latex(rows)]
    return "\n".join(parts) + "\n"


def percent(mean: float, half: float, sign: str = "") -> str:
    """As in 97.20 ± 0.11."""
    spread = "" if math.isnan(half) else f" ± {100 * half:.2f}"
    return f"{100 * mean:{sign}.2f}{spread}"


def _numbers(found: Comparison) -> Rows:
    """The pairs without their sentences, which are too long for a column."""
    return [row[:-1] for row in pairs(found)]


def _times(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.2f}"


def _count(value: int | None) -> str:
    return "" if value is None else str(value)


def _markdown(rows: Rows) -> list[str]:
    heading, *rest = rows
    lines = (heading, ["---"] * len(heading), *rest)
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]


LATEX = {"±": r"$\pm$", "×": r"$\times$"} | {c: f"\\{c}" for c in "&%$#_{}"}


def _latex(rows: Rows) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        escaped = (re.sub("|".join(map(re.escape, LATEX)), lambda m: LATEX[m[0]], c) for c in cells)
        return " & ".join(escaped) + r" \\"

    heading, *rest = rows
    columns = "l" + "r" * (len(heading) - 1)
    return [
        rf"\begin{{tabular}}{{{columns}}}", r"\toprule", line(heading), r"\midrule",
        *map(line, rest), r"\bottomrule", r"\end{tabular}",
    ]  # fmt: skip


def _finite(value):
    """The same without nan and infinity, which JSON has not: null."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
