"""The audit of every rule as a page: `python docs/audit.py` writes audit.md, .json and .svg.

`--check` compares instead, and fails where they would change.
"""

import json
import sys
from pathlib import Path
from typing import Any

from apical.audit import Findings, audit
from apical.audit.table import COLUMNS, markdown, row
from apical.feedback import BRSF, FRSF, USF, FixedRandom, Regenerated
from apical.rules import DFA, FA, RULES, GhostMA, GhostMAPrime, GhostMB, Rule

HERE = Path(__file__).parent
PAGE, FACTS, FIGURE = HERE / "audit.md", HERE / "audit.json", HERE / "audit.svg"
VARIANTS: tuple[Rule, ...] = (
    *(FA(feedback()) for feedback in (USF, FRSF, BRSF)),
    DFA(broadcast=Regenerated()),
    *(ghost(feedback=FixedRandom()) for ghost in (GhostMA, GhostMAPrime, GhostMB)),
)
AUDITED: tuple[Rule, ...] = tuple(
    sorted((*(rule() for rule in RULES), *VARIANTS), key=lambda rule: rule.name)
)
"""Every rule, and those of its forms whose signals travel another way."""

TEXT = """# What each rule reads, needs and stores

{command} measured this on small networks in float64. Nothing of it is taken from what the rules
claim, and their claims hold. Every fact is looked at twice: inputs are changed and outputs watched,
and the program's jaxpr is walked with sets of inputs in place of numbers.

- *Weights*, where they are read, are shared: the same numbers lead activity up and signals down.
- *Derivative* is that of the activation: of the layer itself, or of layers above it too.
- *Other examples* are those of the same minibatch.
- *One after the other* counts matrix products between the label and the lowest layer's teaching
  signal, in a network with two hidden layers, or the clocked steps of a circuit's phases.
- *The update is* backpropagation's, as it is or if all that the rule keeps in the shape of weights
  above were these; near is a cosine of .95 or more at every layer.
- *Bytes a weight* is what the rule stores beside a network for MNIST in float32, for each forward
  weight. It has two hidden layers of 500 units, or one for rules that take one.

![the same as a figure](audit.svg)

{table}
[audit.json](audit.json) has each fact of each layer, and where the two ways of looking differ.

## What it does not see

- *Limits of numbers*: a nudge that vanishes, more steps, less noise. A rule is looked at as it is.
  That ghost units have backpropagation's error as their nudge vanishes, at first order of it, is
  held by a test of theirs (`tests/rules/ghost/test_circuit.py`).
- *What a rule learns* besides the network, as inverses, is asked one thing: whether its steps read
  forward weights themselves. It may come to know of them by activity, as weight mirrors do, and of
  minibatches and labels. A probe that it sends must have as many examples as the minibatch. Of
  rules that settle it is not asked.
- *Weights that positions share*: the small networks are fully connected, so nothing is said of what
  a rule does with a convolution.
- *What only other networks would show*: forward weights that a rule reads in layers wider than the
  small networks' pass unseen.
- *Probes that never happen here*: a rule that learns of weights by asking layers twice is found by
  changing weights and watching. One that does so on a condition that no point meets, or uses what
  it learned more than three minibatches later, is not.
- *Derivatives that no curve shows*: one that is computed from the activity is found by moving the
  activity, which tells nothing where the derivative is made of steps, as relu's is. In updates, and
  of other layers, one that is only nearly the derivative is not found. Of rules that settle only a
  derivative that is asked for is.
"""


def page(rows: list[dict[str, str]]) -> str:
    """The text with its table."""
    return TEXT.format(command="`python docs/audit.py`", table=markdown(rows))


def facts(found: list[Findings]) -> list[dict[str, Any]]:
    """What is kept of the findings: numbers that rounding cannot change, to three digits."""
    return [_rounded(each.to_json()) for each in found]


def _rounded(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: _rounded(each) for name, each in tree.items() if name != "circuit"}
    if isinstance(tree, list | tuple):
        return [_rounded(each) for each in tree]
    if isinstance(tree, float):
        return None if tree != tree else round(tree, 3) + 0.0
    return tree


def draw(rows: list[dict[str, str]]) -> None:
    """The table as a figure: what a rule does without is light."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot as plt

    plt.rcParams["svg.hashsalt"] = "audit"
    columns = COLUMNS[1:]
    figure, axis = plt.subplots(figsize=(1.9 * len(columns) + 2.4, 0.42 * len(rows) + 0.8))
    for i, each in enumerate(rows):
        for j, name in enumerate(columns):
            shade = "#eef6ee" if each[name].startswith(WITHOUT) else "#f3e3d3"
            shade = "#f2f2f2" if name == "the update is" else shade
            axis.add_patch(plt.Rectangle((j, i), 0.97, 0.92, facecolor=shade, edgecolor="none"))
            axis.text(j + 0.485, i + 0.46, each[name], ha="center", va="center", fontsize=7)
    axis.set(xlim=(0, len(columns)), ylim=(len(rows), 0))
    axis.set_xticks([j + 0.485 for j in range(len(columns))], columns, fontsize=8)
    axis.set_yticks(
        [i + 0.46 for i in range(len(rows))], [each["rule"] for each in rows], fontsize=8
    )
    axis.xaxis.tick_top()
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    figure.savefig(FIGURE, bbox_inches="tight", metadata={"Date": None})


WITHOUT = ("not read", "nothing", "its two units", "forgotten", "0.0", "1 product")


def main(check: bool) -> None:
    """Audit every rule and write the page, or see that it is written."""
    found = [audit(rule) for rule in AUDITED]
    wrong = [line for each in found for line in each.contradictions]
    assert not wrong, wrong
    rows = list(map(row, found))
    text, kept = page(rows), json.dumps(facts(found), indent=1) + "\n"
    if check:
        assert (PAGE.read_text(), FACTS.read_text()) == (text, kept), "run `python docs/audit.py`"
        return
    PAGE.write_text(text)
    FACTS.write_text(kept)
    draw(rows)


if __name__ == "__main__":
    main(check=sys.argv[1:] == ["--check"])
