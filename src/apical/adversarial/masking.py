"""Whether robustness is more than hidden gradients: checks that any real robustness passes.

Source of the checks: Athalye, Carlini & Wagner 2018; Carlini et al. 2019.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import fmean

from apical.adversarial.results import AccuracyUnderAttack
from apical.adversarial.survey import ITERATED, ONE_STEP, WORST
from apical.adversarial.threat_model import LARGE, Epsilon

TOLERANCE = 0.01
"""Accuracies that differ by no more than this are taken for equal, however many examples."""


class Masking(Enum):
    """The conclusion from all checks."""

    NO_SIGN = "no sign of gradient masking"
    OVERSTATED = "gradient masking: the attack overstates robustness"
    ONLY = "robustness is only gradient masking"
    NOTHING = "nothing to judge: accuracy is not above chance before any attack"


@dataclass(frozen=True)
class Check:
    """One demand, and the finding at the eps where it is missed most."""

    demand: str
    found: str
    passed: bool


@dataclass(frozen=True)
class Diagnosis:
    """The conclusion, the checks it rests on, and the reason in words."""

    masking: Masking
    checks: tuple[Check, ...]
    reason: str


def diagnose(
    runs: Sequence[AccuracyUnderAttack],
    epsilons: tuple[Epsilon, ...],
    twins: Sequence[AccuracyUnderAttack] = (),
) -> Diagnosis:
    """Whether the networks of a run mask their gradients, judged by accuracies under attack.

    Where a check fails, robustness is *only* masking if all that one-step attacks leave above the
    reference vanishes under all attacks together. The reference is the twin, else chance.

    **Arguments:**

    - `runs`: one for each seed.
    - `epsilons`: those of the surveys.
    - `twins`: the same of the twin's networks, if there is one.
    """
    checks = tuple(_checks(runs, epsilons))
    clean, chance = fmean(run.clean for run in runs), fmean(run.chance for run in runs)
    if not _clear(clean - chance, runs):
        return Diagnosis(Masking.NOTHING, checks, f"{clean:.3f}, chance is {chance:.3f}")
    if all(check.passed for check in checks):
        return Diagnosis(Masking.NO_SIGN, checks, "every check passed")
    against = "its twin" if twins else "chance"
    one_step = {eps: _gain(ONE_STEP, runs, twins, eps) for eps in epsilons}
    at_worst = {eps: _gain(WORST, runs, twins, eps) for eps in epsilons}
    claimed = [eps for eps in epsilons if _clear(one_step[eps], runs)]
    if not claimed:
        failed = "; ".join(check.demand for check in checks if not check.passed)
        reason = f"one step already leaves nothing above {against}; failed: {failed}"
        return Diagnosis(Masking.OVERSTATED, checks, reason)
    eps = max(claimed, key=lambda e: one_step[e] - at_worst[e])
    reason = (
        f"at eps {eps.text} it is above {against} by {one_step[eps]:+.3f} under one step and by "
        f"{at_worst[eps]:+.3f} under all attacks"
    )
    remains = any(_clear(at_worst[e], runs) for e in claimed)
    return Diagnosis(Masking.OVERSTATED if remains else Masking.ONLY, checks, reason)


def _gain(
    attack: str,
    runs: Sequence[AccuracyUnderAttack],
    twins: Sequence[AccuracyUnderAttack],
    eps: Epsilon,
) -> float:
    """How far a run's accuracy lies above the reference."""
    reference = _mean(twins, attack, eps) if twins else fmean(run.chance for run in runs)
    return _mean(runs, attack, eps) - reference


def _checks(runs: Sequence[AccuracyUnderAttack], epsilons: tuple[Epsilon, ...]) -> Iterator[Check]:
    chance = fmean(run.chance for run in runs)
    large = _mean(runs, ITERATED, LARGE)
    yield Check(
        f"accuracy falls to chance at eps {LARGE.text}",
        f"{large:.3f}, chance is {chance:.3f}",
        not _clear(large - chance, runs),
    )
    flat = fmean(run.flat for run in runs)
    yield Check(
        "the loss has a slope at every example",
        f"none at {100 * flat:.1f} % of them",
        flat <= TOLERANCE,
    )
    pairs = {
        (ONE_STEP, "noise"): "one step does more harm than noise",
        (ITERATED, ONE_STEP): "iterating does no less harm than one step",
        (ITERATED, "adaptive"): "its own slopes do as much harm as softened ones on the margin",
        (ITERATED, "transfer"): "its own slopes do as much harm as the twin's",
    }
    for (stronger, weaker), demand in pairs.items():
        if all(weaker in run.accuracy for run in runs):
            yield _no_weaker(runs, epsilons, stronger, weaker, demand)


def _no_weaker(runs, epsilons, stronger: str, weaker: str, demand: str) -> Check:
    gaps = {eps: _mean(runs, stronger, eps) - _mean(runs, weaker, eps) for eps in epsilons}
    worst = max(gaps, key=lambda eps: gaps[eps])
    return Check(
        demand,
        f"accuracy {_mean(runs, stronger, worst):.3f} against "
        f"{_mean(runs, weaker, worst):.3f} at eps {worst.text}",
        not _clear(gaps[worst], runs),
    )


def _clear(gap: float, runs: Sequence[AccuracyUnderAttack]) -> bool:
    """Whether a gap of accuracies on the same n examples is more than chance: above two standard
    errors, which are at most sqrt(gap / n) each if the examples that differ all differ one way."""
    return gap > max(TOLERANCE, 4 / sum(run.examples for run in runs))


def _mean(runs: Sequence[AccuracyUnderAttack], attack: str, eps: Epsilon) -> float:
    return fmean(run.accuracy[attack][eps.text] for run in runs)
