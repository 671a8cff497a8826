"""Credit-assignment rules. Importing a rule here is what registers it.

The command line, the conformance tests and the docs all read `RULES`. `as` tells type checkers that
a name is for others.
"""

from apical.rules.associative_stdp import AssociativeSTDP as AssociativeSTDP
from apical.rules.bp import BP as BP
from apical.rules.dfa import DFA as DFA
from apical.rules.fa import FA as FA
from apical.rules.ghost.ma import GhostMA as GhostMA, GhostMAPrime as GhostMAPrime
from apical.rules.ghost.mb import GhostMB as GhostMB
from apical.rules.itd import ITD as ITD
from apical.rules.rule import (
    Batch as Batch,
    Credit as Credit,
    Pathway as Pathway,
    Rule as Rule,
    State as State,
)
from apical.rules.target_propagation.dtp import DTP as DTP
from apical.rules.target_propagation.sdtp import AOSDTP as AOSDTP, SDTP as SDTP
from apical.rules.target_propagation.tp import TP as TP

RULES: tuple[type[Rule], ...] = tuple(
    sorted(
        (
            value
            for value in globals().values()
            if isinstance(value, type) and issubclass(value, Rule) and value is not Rule
        ),
        key=lambda rule: rule.name,
    )
)
"""Every rule that is imported here, by name."""

USUAL = FA.name
"""The rule of an estimator where none is asked for."""
