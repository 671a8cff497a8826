"""Who runs: each contender's script, rule and the settings it may choose its best from."""

import os
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
RULES = ("bp", "fa", "dfa")


@dataclass(frozen=True)
class Contender:
    """`candidates` are all measured once before the rounds; the fastest one runs in them."""

    name: str
    side: str  # "torch", "biotorch" or "apical"
    rule: str
    script: Path
    candidates: tuple[dict, ...]


def contenders(sides: set[str]) -> list[Contender]:
    """In the order of a round: for each rule, the peers and then apical.

    Each peer comes twice: as its users write it (default Adam, every thread), and in the
    fastest form that we found.
    """
    out = []
    for rule in RULES:
        usual = {"adam": "default", "threads": _CORES, "flush_denormal": False}
        variations = [{"threads": 1}, {"adam": "default"}, {"flush_denormal": False}]
        forms = [] if rule == "dfa" else [{"form": "autograd"}]  # DFA has no natural autograd form
        if rule != "dfa":
            autograd = ({"form": "autograd", **usual},)
            out.append(Contender("PyTorch as usually written", "torch", rule, _TORCH, autograd))
        fastest = _vary({"form": "explicit", **_BASE}, variations + forms)
        out.append(Contender("PyTorch, fastest eager form found", "torch", rule, _TORCH, fastest))
        out.append(
            Contender("BioTorch as its README uses it", "biotorch", rule, _BIOTORCH, (usual,))
        )
        fastest = _vary(_BASE, variations)
        out.append(
            Contender("BioTorch, fastest settings found", "biotorch", rule, _BIOTORCH, fastest)
        )
        out.append(Contender("apical", "apical", rule, HERE / "apical_side.py", ({},)))
    return [c for c in out if c.side in sides]


_CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
_BASE = {"adam": "fused", "threads": _CORES, "flush_denormal": True}
_TORCH = HERE / "peers" / "torch_eager.py"
_BIOTORCH = HERE / "peers" / "biotorch_net.py"


def _vary(base: dict, variations: list[dict]) -> tuple[dict, ...]:
    """The base and each variation of one setting of it, without repeats."""
    unique = []
    for change in [{}, *variations]:
        if (settings := {**base, **change}) not in unique:
            unique.append(settings)
    return tuple(unique)
