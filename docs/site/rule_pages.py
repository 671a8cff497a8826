"""A page for each rule: what it is, claims, recommends, reads, costs and reaches.

Words come from its docstring and traits, numbers from what is committed: the audit, the costs, the
runs on MNIST and the claims of papers.
"""

import inspect
import json
import re
from html import escape
from pathlib import Path
from statistics import fmean

from docs.site import paper_pages
from docs.site.costs import COSTS
from docs.site.markdown import entry, table

from apical.audit.table import COLUMNS
from apical.cli.rules import MEANING, READS, known
from apical.reproduce import paper, tables
from apical.rules import RULES, Rule
from apical.runs.statistics import half_width, paired_difference

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "docs" / "results"
"""Comparisons that belong to no paper, a folder each."""


def pages() -> dict[str, str]:
    """The pages and their list, by their paths."""
    return {"rules/index.md": overview()} | {f"rules/{r.name}.md": page(r()) for r in RULES}


def overview() -> str:
    """Every rule, with what its teaching signals read."""
    rows = [
        (f"[`{rule.name}`]({rule.name}.md)", _about(rule)[0], READS[rule().traits.transport])
        for rule in RULES
    ]
    return (
        "# All rules\n\nA rule says how the weights change for one minibatch. `apical rules` lists "
        "them on the command line, `apical.RULES` in Python, and "
        "[how to choose a rule](../choosing.md) tells them apart.\n\n"
        + table(("rule", "what it is", "its signals read"), rows)
    )


def page(rule: Rule) -> str:
    """Of one rule, at its defaults."""
    lead, equation, *more = _about(type(rule))
    parts = {
        **{name: _known(name, lines) for name, lines in known(rule).items() if lines},
        "What it reads, needs and stores": _audited(rule),
        "Cost beside backpropagation": _cost(rule),
        "Figures": "\n\n".join(_figures(rule)) or "No committed run is of this rule.",
        "In Python": entry(
            f"{type(rule).__module__}.{type(rule).__name__}",
            3,
            f"apical.{type(rule).__name__}",
            show_docstring_description="false",
        ),
    }
    about = [lead, f'<p class="equation">{escape(equation)}</p>', *map(_escaped, more)]
    sections = [f"## {heading}\n\n{text}" for heading, text in parts.items()]
    return "\n\n".join([f"# `{rule.name}`", *about, *sections]) + "\n"


def _about(rule: type[Rule]) -> list[str]:
    """The paragraphs of its docstring: a line, the equation, and more."""
    return inspect.cleandoc(rule.__doc__ or "").split("\n\n")


def _escaped(paragraph: str) -> str:
    """A paragraph whose formulas Markdown leaves as they are, but for code."""
    parts = re.split(r"(`[^`]*`)", paragraph)
    return "".join(p if p[:1] == "`" else re.sub(r"([*_])", r"\\\1", p) for p in parts)


def _known(heading: str, lines: list[str]) -> str:
    words = heading == "Claims" or (heading == "Recipe" and not lines[0].startswith("--"))
    shown = lines if words else [f"`{line}`" for line in lines]
    return f"{MEANING[heading].capitalize()}:\n\n" + "\n".join(f"- {line}" for line in shown)


def _audited(rule: Rule) -> str:
    """The audit's rows of a rule and of its variants, as columns."""
    lines = (ROOT / "docs" / "audit.md").read_text().splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]
    own = [row for row in rows if row[0].partition(":")[0] == rule.name]
    (_, *variants), *facts = zip(COLUMNS, *own, strict=True)
    return (
        f"Measured by `apical audit {rule.name}`, not taken from its claims; "
        "[the audit of every rule](../docs/audit.md) says what the words mean.\n\n"
        + table(["", *(f"`{each}`" for each in variants)], facts)
    )


def _cost(rule: Rule) -> str:
    costs = json.loads(COSTS.read_text())
    if (own := costs["rules"].get(rule.name)) is None:
        return f"`apical rules {rule.name} --cost` tells what a step costs."
    if own["operations"] is None:
        told = (
            f"A step takes {own['memory']:.2f} times the memory of backpropagation's, and "
            "operations for each step of its dynamics, which the compiler does not count"
        )
    else:
        told = (
            f"A step takes {own['operations']:.2f} times the operations and {own['memory']:.2f} "
            "times the memory of backpropagation's"
        )
    return (
        f"{told}: at the settings of its recipe, on images like MNIST's, in minibatches of "
        f"{rule.recipe.batch_size}, as {costs['compiled by']} compiled them "
        f"(`python -m docs.site.costs`; `apical rules {rule.name} --cost`)."
    )


def _figures(rule: Rule) -> list[str]:
    compared = [_beside_bp(rule, each.parent) for each in sorted(RESULTS.glob("*/README.md"))]
    found = [*compared, *(_claims(name, rule) for name in paper.names())]
    return [part for part in found if part]


def _beside_bp(rule: Rule, folder: Path) -> str:
    """The committed runs of a rule and its variants, beside backpropagation's."""

    def accuracies(run: str) -> list[float]:
        summary = json.loads((folder / run / "summary.json").read_text())
        return [100 * each for each in summary["test_accuracy"]["list"]]

    reference, rows = accuracies("bp"), []
    for run in sorted(each.parent.name for each in folder.glob("*/summary.json")):
        if run.partition("-")[0] == rule.name:
            own = accuracies(run)
            difference, width = paired_difference(own, reference)
            against = "" if rule.name == "bp" else f"{difference:+.2f} ± {width:.2f}"
            reached = f"{fmean(own):.2f} ± {half_width(own):.2f}"
            rows.append((f"`{run}`", reached, against, str(len(own))))
    if not rows:
        return ""
    text = folder / "README.md"
    title = text.read_text().partition("\n")[0].removeprefix("# ")
    return (
        f"### {title}\n\n"
        + table(("rule", "test accuracy (%)", "difference to `bp`, paired", "seeds"), rows)
        + "\n± is half of a 95 % interval over the seeds; "
        f"[settings and runs](../{text.relative_to(ROOT)}).\n"
    )


def _claims(name: str, rule: Rule) -> str:
    """What a paper says of a rule, and what our runs say, by the committed claims."""
    asked, trained = paper.read(name), paper_pages.rules_of(name)
    needed = {each.id: each.judgement.experiments for each in asked.statements}
    rows = [
        (
            f"{row['claim']} ({row.get('source', 'an aim of ours')})",
            tables.number(row["demand"]),
            tables.ours(row).replace(" ± ", "\u00a0±\u00a0"),
            str(row["n"]),
            " ".join(filter(None, (row["verdict"], row["budget"]))),
        )
        for row in paper_pages.judged(name)
        if any(trained.get(each) is type(rule) for each in needed[row["id"]])
    ]
    if not rows:
        return ""
    return (
        f"### {asked.title}\n\n{asked.reference}. What its claims about this rule are, and what "
        f"our runs say; [deviations and rules of judgement](../{paper_pages.readme(name)}).\n\n"
        + table(("claim", "paper", "ours (± 95 %)", "seeds", "verdict"), rows)
    )
