"""Credit-assignment rules. Importing a rule here is what registers it.

The command line, the conformance tests and the docs all read `RULES`.
"""

from apical.rules.associative_stdp import AssociativeSTDP
from apical.rules.bp import BP
from apical.rules.dfa import DFA
from apical.rules.fa import FA
from apical.rules.ghost.ma import GhostMA, GhostMAPrime
from apical.rules.ghost.mb import GhostMB
from apical.rules.itd import ITD
from apical.rules.rule import Batch, Credit, Pathway, Rule, State
from apical.rules.target_propagation.dtp import DTP
from apical.rules.target_propagation.sdtp import AOSDTP, SDTP
from apical.rules.target_propagation.tp import TP

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
