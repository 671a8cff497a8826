"""Whether robustness is more than hidden gradients: checks that any real robustness passes.

Source of the checks: Athalye, Carlini & Wagner 2018; Carlini et al. 2019.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import fmean

from apical.adversarial.epsilon import LARGE, Epsilon
from apical.adversarial.survey import ITERATED, ONE_STEP, WORST, Survey

TOLERANCE = 0.01
"""Accuracies that differ by no more than this are taken for equal."""


class Masking(Enum):
    """What the checks say together."""

    NO_SIGN = "no sign of gradient masking"
    OVERSTATED = "gradient masking: the attack overstates robustness"
    ONLY = "robustness is only gradient masking"


@dataclass(frozen=True)
class Check:
    """One demand, and what was found at the eps where it was missed most."""

    demand: str
    found: str
    passed: bool


@dataclass(frozen=True)
class Verdict:
    masking: Masking
    checks: tuple[Check, ...]
    reason: str


def judge(
    surveys: Sequence[Survey], epsilons: tuple[Epsilon, ...], twins: Sequence[Survey] = ()
) -> Verdict:
    """The verdict on a run, from its seeds' surveys and those of its twin, if it has one.

    Where a check fails, robustness is *only* masking if all that one-step attacks leave above the
    reference vanishes under the strongest attack. The reference is the twin, else chance.
    """
    checks = tuple(_checks(surveys, epsilons))
    if all(check.passed for check in checks):
        return Verdict(Masking.NO_SIGN, checks, "every check passed")
    against = "its twin" if twins else "chance"
    one_step = {eps: _gain(ONE_STEP, surveys, twins, eps) for eps in epsilons}
    at_worst = {eps: _gain(WORST, surveys, twins, eps) for eps in epsilons}
    claimed = [eps for eps in epsilons if one_step[eps] > TOLERANCE]
    if not claimed:
        reason = f"one step already leaves nothing above {against}"
        return Verdict(Masking.OVERSTATED, checks, reason)
    eps = max(claimed, key=lambda e: one_step[e] - at_worst[e])
    reason = (
        f"at eps {eps.text} it is above {against} by {one_step[eps]:+.3f} under one step and by "
        f"{at_worst[eps]:+.3f} under all attacks"
    )
    remains = any(at_worst[e] > TOLERANCE for e in claimed)
    return Verdict(Masking.OVERSTATED if remains else Masking.ONLY, checks, reason)


def _gain(attack: str, surveys: Sequence[Survey], twins: Sequence[Survey], eps: Epsilon) -> float:
    """How far a run's accuracy lies above the reference."""
    reference = _mean(twins, attack, eps) if twins else fmean(s.chance for s in surveys)
    return _mean(surveys, attack, eps) - reference


def _checks(surveys: Sequence[Survey], epsilons: tuple[Epsilon, ...]) -> Iterator[Check]:
    chance = fmean(s.chance for s in surveys)
    large = _mean(surveys, ITERATED, LARGE)
    yield Check(
        f"accuracy falls to chance at eps {LARGE.text}",
        f"{large:.3f}, chance is {chance:.3f}",
        large <= chance + TOLERANCE,
    )
    flat = fmean(s.flat for s in surveys)
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
        if all((weaker, eps.text) in s.right for s in surveys for eps in epsilons):
            yield _no_weaker(surveys, epsilons, stronger, weaker, demand)


def _no_weaker(surveys, epsilons, stronger: str, weaker: str, demand: str) -> Check:
    gaps = {eps: _mean(surveys, stronger, eps) - _mean(surveys, weaker, eps) for eps in epsilons}
    worst = max(gaps, key=lambda eps: gaps[eps])
    return Check(
        demand,
        f"accuracy {_mean(surveys, stronger, worst):.3f} against "
        f"{_mean(surveys, weaker, worst):.3f} at eps {worst.text}",
        gaps[worst] <= TOLERANCE,
    )


def _mean(surveys: Sequence[Survey], attack: str, eps: Epsilon) -> float:
    return fmean(s.accuracy(attack, eps) for s in surveys)
