"""A network under an attack, its controls and a stronger adversary: what is still right."""

from dataclasses import dataclass, field
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from apical.adversarial.attack import (
    Attack,
    Attempt,
    GradientAttack,
    Margin,
    Objective,
    OwnLoss,
    attempt,
)
from apical.adversarial.attacks import FGSM, PGD, Noise
from apical.adversarial.threat_model import LARGE, Box, Epsilon
from apical.adversarial.victim import Victim, softened
from apical.data import Dataset
from apical.errors import UsageError, at_least_one
from apical.training.reload import reload_classifiers
from apical.training.selection import Last, Selection
from apical.values.spelling import spell

CLEAN = "clean"
ONE_STEP = "fgsm"
"""The attack of one step, which is FGSM unless another was asked for."""
ITERATED = "pgd"
"""The attack that iterates, which is PGD with its usual steps unless others were asked for."""
WORST = "worst"
"""An example counts as right only if no attack of the survey turned it."""


@dataclass(frozen=True)
class Battery:
    """The gradient attacks of a survey; the rest of it is the same for all."""

    one_step: GradientAttack = FGSM()
    iterated: GradientAttack = PGD()

    @classmethod
    def around(cls, asked: GradientAttack) -> "Battery":
        """With the attack that was asked for in its place."""
        return cls(iterated=asked) if asked.iterates else cls(one_step=asked)

    def called(self, attack: str) -> str:
        """What reports call an attack of the survey: the two that may be asked for as the command
        line spells them, any other by its name."""
        asked = {ONE_STEP: self.one_step, ITERATED: self.iterated}
        return spell(asked[attack]) if attack in asked else attack


@dataclass(frozen=True)
class Trial:
    """One attack of a survey: what it climbs, and whose slopes it sees."""

    attack: Attack
    objective: Objective
    guide: Victim


@dataclass
class Survey:
    """What became of every example under every attack and eps."""

    labels: np.ndarray
    flat: float
    """Part of the examples at which the loss's slope is exactly zero everywhere."""
    attempts: dict[tuple[str, str], Attempt] = field(default_factory=dict)
    """By attack and the text of eps; the clean inputs at eps 0."""
    right: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)
    """Which examples are taken right, by the same and for all attacks together."""

    def add(self, attack: str, eps: str, tried: Attempt) -> None:
        self.attempts[attack, eps] = tried
        self.right[attack, eps] = tried.right

    @property
    def chance(self) -> float:
        """What always naming the most frequent class would give."""
        return float(np.bincount(self.labels).max() / len(self.labels))


def survey(
    victim: Victim,
    x: np.ndarray,
    labels: np.ndarray,
    epsilons: tuple[Epsilon, ...],
    battery: Battery = Battery(),
    twin: Victim | None = None,
    seed: int = 0,
) -> Survey:
    """Attack `victim` on raw inputs `x` by noise, one step, iteration, the margin along softened
    slopes ("adaptive"), and by examples made for `twin` ("transfer")."""
    u = np.asarray(victim.box.unit(x))
    found = Survey(labels, float(jnp.mean(_no_slope(victim, u, labels))))
    given = np.asarray(victim.labels(jnp.asarray(u)))
    found.add(CLEAN, "0", Attempt(u, given, given == labels))
    own = OwnLoss()
    trials = {
        "noise": Trial(Noise(), own, victim),
        ONE_STEP: Trial(battery.one_step, own, victim),
        ITERATED: Trial(battery.iterated, own, victim),
        "adaptive": Trial(battery.iterated, Margin(), softened(victim, jnp.asarray(u))),
    }
    if twin is not None:
        trials["transfer"] = Trial(battery.iterated, own, twin)
    plan = [(name, eps) for eps in epsilons for name in trials] + [(ITERATED, LARGE)]
    keys = jax.random.split(jax.random.key(seed), len(plan))
    for (name, eps), key in zip(plan, keys, strict=True):
        trial = trials[name]
        tried = attempt(
            victim, u, labels, attack=trial.attack, objective=trial.objective, eps=eps.size,
            key=key, guide=trial.guide,
        )  # fmt: skip
        found.add(name, eps.text, tried)
    for eps in epsilons:
        found.right[WORST, eps.text] = np.all([found.right[n, eps.text] for n in trials], axis=0)
    return found


@jax.jit
def _no_slope(victim: Victim, u, labels):
    def height(v):
        return jnp.sum(OwnLoss()(victim.net, victim.record(v), labels))

    slope = jax.grad(height)(u)
    return jnp.all(slope.reshape(len(u), -1) == 0, axis=-1)


def survey_run(
    run: Path,
    epsilons: tuple[Epsilon, ...],
    battery: Battery = Battery(),
    guide: Path | None = None,
    examples: int | None = None,
    network: Selection = Last(),
) -> tuple[Dataset, dict[int, Survey]]:
    """The data, and by seed the surveys on the first `examples` of the test split.

    The network of the same seed in `guide` leads the transfer attack, or its first one. `network`
    says which of each seed's networks, in both runs.
    Raises `UsageError` if the guide was trained on other data, or either to name no classes.
    """
    at_least_one(examples=examples)
    data, victims = _victims(run, network)
    guides = {} if guide is None else _guides(guide, network, run, data)
    x, labels = data.test.x[:examples], data.test.y[:examples]
    return data, {
        seed: survey(
            victim, x, labels, epsilons, battery,
            twin=guides.get(seed, guides[min(guides)]) if guides else None, seed=seed,
        )
        for seed, victim in victims.items()
    }  # fmt: skip


def _guides(guide: Path, network: Selection, run: Path, data: Dataset) -> dict[int, Victim]:
    theirs, guides = _victims(guide, network)
    if theirs.classes != data.classes or not np.array_equal(theirs.test.x, data.test.x):
        raise UsageError(
            f"transfer-from: {guide} was trained on {theirs.name} ({', '.join(theirs.classes)}), "
            f"{run} on {data.name} ({', '.join(data.classes)}); name a run on the same data"
        )
    return guides


def _victims(run: Path, network: Selection) -> tuple[Dataset, dict[int, Victim]]:
    task, models = reload_classifiers(run, network)
    if any(model.network.random for model in models.values()):
        raise UsageError(
            f"{run}: its units send samples, and attacks are for networks that answer the same "
            "every time; name a run without bernoulli units"
        )
    box = Box.of(task.data)
    return task.data, {s: Victim(m.network, m.transform, box) for s, m in models.items()}
