"""The rules by which claims are judged; `claims.toml` names one and its terms."""

from apical.reproduce.judgement.bounds import Above, Below
from apical.reproduce.judgement.every import Every
from apical.reproduce.judgement.judgement import Finding, Judgement, Verdict
from apical.reproduce.judgement.near import Near
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
    "every": Every,
    "near": Near,
}

__all__ = [
    "KINDS", "Above", "AboveAll", "Below", "Every", "Finding", "Judgement", "Near", "Order",
    "Value", "Verdict", "Within",
]  # fmt: skip
