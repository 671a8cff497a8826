"""The rules by which claims are judged; `claims.toml` names one and its terms."""

from apical.reproduce.judgement.above import Above
from apical.reproduce.judgement.every import Every
from apical.reproduce.judgement.judgement import Finding, Judgement, Verdict
from apical.reproduce.judgement.near import Near
from apical.reproduce.judgement.order import AboveAll, Order
from apical.reproduce.judgement.value import Value

KINDS: dict[
    str,
    type[Value] | type[Order] | type[Above] | type[AboveAll] | type[Every] | type[Near],
] = {
    "value": Value,
    "order": Order,
    "above": Above,
    "above-all": AboveAll,
    "every": Every,
    "near": Near,
}

__all__ = [
    "KINDS", "Above", "AboveAll", "Every", "Finding", "Judgement", "Near", "Order", "Value",
    "Verdict",
]  # fmt: skip
