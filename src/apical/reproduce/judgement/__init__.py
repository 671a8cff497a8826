"""The rules by which claims are judged; `claims.toml` names one and its terms."""

from apical.reproduce.judgement.bounds import Above, Below
from apical.reproduce.judgement.judgement import Finding, Judgement, Verdict
from apical.reproduce.judgement.order import AboveAll, Order
from apical.reproduce.judgement.value import Value
from apical.reproduce.judgement.within import Within

KINDS: dict[str, type[Judgement]] = {
    "value": Value,
    "within": Within,
    "order": Order,
    "above": Above,
    "above-all": AboveAll,
    "below": Below,
}

__all__ = [
    "KINDS", "Above", "AboveAll", "Below", "Finding", "Judgement", "Order", "Value", "Verdict",
    "Within",
]  # fmt: skip
