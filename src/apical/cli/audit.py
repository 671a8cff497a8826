"""`apical audit RULE...`: what rules read, need and store, measured, against what they claim."""

from json import dumps
from typing import Annotated

import tyro

from apical.cli.support import terminal
from apical.cli.support.flags import cli
from apical.cli.support.rules_of import rule_of
from apical.errors import ApicalError

WIDTH = 26
"""Letters that a rule's facts take beside those of others."""


def main(args: list[str]) -> None:
    cli(audit, args, "apical audit")


def audit(
    rules: Annotated[tuple[str, ...], tyro.conf.Positional],
    json: bool = False,
) -> None:
    """Measure what rules read, need and store, on small networks, and hold their claims to it.

    Each is looked at by two methods: inputs are perturbed, and the program is traced. A claim that
    does not hold is a line of its own, and the exit code is 1.

    Args:
        rules: Rules as `fa`, with their fields as `fa:frsf`, or of a file of yours as
            `mine.py:MyRule`; none: all there are.
        json: Print everything that was found as JSON.
    """
    from apical.audit import audit as audited
    from apical.audit.table import COLUMNS, notes, row
    from apical.rules import RULES

    chosen = [rule_of(text) for text in rules] if rules else [rule() for rule in RULES]
    console = terminal.console()
    found = [audited(rule) for rule in chosen]
    if json:
        print(dumps([each.to_json() for each in found], indent=1))
    else:
        at_once = max(1, console.width // WIDTH - 1)
        for begin in range(0, len(found), at_once):
            rows = list(map(row, found[begin : begin + at_once]))
            heading, *facts = COLUMNS
            shown = terminal.table("", *(each[heading] for each in rows))
            for fact in facts:
                shown.add_row(fact, *(each[fact] for each in rows))
            console.print(shown)
        for note in (note for each in found for note in notes(each)):
            console.print(note, soft_wrap=True)
    if lines := [line for each in found for line in each.contradictions]:
        raise ApicalError("\napical: ".join(lines))
