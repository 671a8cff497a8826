"""The rules by which claims are judged; `claims.toml` names one and its terms."""

from apical.reproduce.judgement.above import Above
from apical.reproduce.judgement.judgement import Finding, Judgement, Verdict
from apical.reproduce.judgement.order import AboveAll, Order
from apical.reproduce.judgement.value import Value

KINDS: dict[str, type[Value] | type[Order] | type[Above] | type[AboveAll]] = {
    "value": Value,
    "order": Order,
    "above": Above,
    "above-all": AboveAll,
}

__all__ = [
    "KINDS", "Above", "AboveAll", "Finding", "Judgement", "Order", "Value", "Verdict",
]  # fmt: skip
