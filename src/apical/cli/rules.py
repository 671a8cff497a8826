"""Commands whose first argument is a rule, and whose flags are that rule's own."""

from apical.cli.parsing import pick
from apical.errors import UsageError, unknown
from apical.rules import RULES, Rule


def pick_rule(args: list[str], prog: str) -> tuple[type[Rule], list[str]]:
    """The rule that is named first, and the arguments that remain."""
    rules = {rule.name: rule for rule in RULES}
    name, rest = pick(args, {name: _first_line(rule) for name, rule in rules.items()}, "rule", prog)
    if name not in rules:
        raise UsageError(unknown("rule", name, rules))
    return rules[name], rest


def _first_line(cls: type[Rule]) -> str:
    """The first line of the rule's docstring."""
    return (cls.__doc__ or "").strip().splitlines()[0]
