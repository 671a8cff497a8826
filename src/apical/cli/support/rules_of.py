"""Rules by their spelling, or out of a Python file that is not part of the package."""

from apical.errors import UsageError
from apical.rules import Rule
from apical.values import extensions
from apical.values.value import parse


def rule_of(text: str) -> Rule:
    """The rule that a text spells, as `fa:usf`, or that a file defines, as `mine.py:MyRule`.

    Raises `UsageError` for a rule that there is not, and for a file that does not give one.
    """
    if text.endswith(".py"):
        raise UsageError(f"{text}: which of its rules? name a class, as in {text}:MyRule")
    (spelled,) = extensions.named_by_file([text])
    rule: Rule = parse(Rule, spelled)
    return rule
