"""Surveys: a network under an attack, under its controls, and under stronger adversaries."""

from dataclasses import dataclass, field
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int

from apical.adversarial.attack import (
    Attack,
    Attacked,
    GradientAttack,
    Margin,
    Objective,
    OwnLoss,
    perturb,
)
from apical.adversarial.attacks import FGSM, PGD, Noise
from apical.adversarial.threat_model import LARGE, Box, Epsilon
from apical.adversarial.victim import Victim, softened
from apical.data import Dataset
from apical.errors import UsageError, at_least_one
from apical.runs.precision import full_precision
from apical.training.reload import reload_classifiers
from apical.training.selection import Last, Selection
from apical.values.spelling import spell

CLEAN = "clean"
ONE_STEP = "fgsm"
"""The attack of one step: FGSM, or the one that was asked for."""
ITERATED = "pgd"
"""The attack of many steps: PGD, or the one that was asked for."""
WORST = "worst"
"""All attacks together: an example counts as right if it is right under each of them."""


@dataclass(frozen=True)
class Battery:
    """The gradient attacks of a survey; its other attacks follow from these."""

    one_step: GradientAttack = FGSM()
    iterated: GradientAttack = PGD()

    @classmethod
    def around(cls, asked: GradientAttack) -> "Battery":
        """The usual battery with one attack, of one step or of many, in place of its like."""
        return cls(iterated=asked) if asked.iterates else cls(one_step=asked)

    def called(self, attack: str) -> str:
        """The name of a survey's attack in reports.

        The attacks of the battery are named as the command line spells them, as in `pgd:20`.
        """
        asked = {ONE_STEP: self.one_step, ITERATED: self.iterated}
        return spell(asked[attack]) if attack in asked else attack


@dataclass
class Survey:
    """Every example under every attack and eps."""

    labels: np.ndarray
    """The true labels."""
    flat: float
    """Part of the examples at which the loss's gradient is exactly zero everywhere."""
    attacked: dict[tuple[str, str], Attacked] = field(default_factory=dict)
    """By attack and the text of eps; the clean inputs at eps 0."""
    right: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)
    """Which examples are classified correctly, by the same and for all attacks together."""

    def add(self, attack: str, eps: str, outcome: Attacked) -> None:
        """Note the outcome of one attack at one eps."""
        self.attacked[attack, eps] = outcome
        self.right[attack, eps] = outcome.right

    @property
    def chance(self) -> float:
        """The accuracy of always naming the most frequent class."""
        return float(np.bincount(self.labels).max() / len(self.labels))


@full_precision()
def survey(
    victim: Victim,
    x: np.ndarray,
    labels: np.ndarray,
    epsilons: tuple[Epsilon, ...],
    battery: Battery = Battery(),
    twin: Victim | None = None,
    seed: int = 0,
) -> Survey:
    """Attack one network in every way.

    By noise, by one step, by iteration, by iteration on the margin along softened gradients
    ("adaptive"), and with a twin by the examples that are made for it ("transfer").

    **Arguments:**

    - `x`: raw inputs, (examples, *shape); `labels`: their true labels.
    - `battery`: the attacks of one step and of many.
    - `twin`: a network that was trained otherwise on the same data.
    - `seed`: of the attacks that draw random numbers.
    """
    u = np.asarray(victim.box.unit(x))
    found = Survey(labels, float(jnp.mean(_flat(victim, u, labels))))
    given = np.asarray(victim.labels(jnp.asarray(u)))
    found.add(CLEAN, "0", Attacked(u, given, given == labels))
    loss = OwnLoss()
    ways: dict[str, tuple[Attack, Objective, Victim]] = {
        "noise": (Noise(), loss, victim),
        ONE_STEP: (battery.one_step, loss, victim),
        ITERATED: (battery.iterated, loss, victim),
        "adaptive": (battery.iterated, Margin(), softened(victim, jnp.asarray(u))),
    }
    if twin is not None:
        ways["transfer"] = (battery.iterated, loss, twin)
    cells = [(name, eps) for eps in epsilons for name in ways] + [(ITERATED, LARGE)]
    keys = jax.random.split(jax.random.key(seed), len(cells))
    for (name, eps), key in zip(cells, keys, strict=True):
        attack, objective, surrogate = ways[name]
        outcome = perturb(
            victim, u, labels, attack=attack, objective=objective, eps=eps.size, key=key,
            surrogate=surrogate,
        )  # fmt: skip
        found.add(name, eps.text, outcome)
    for eps in epsilons:
        found.right[WORST, eps.text] = np.all([found.right[n, eps.text] for n in ways], axis=0)
    return found


@jax.jit
def _flat(victim: Victim, u: Array, labels: Int[Array, " batch"]) -> Bool[Array, " batch"]:
    """Whether the loss's gradient with respect to the input is zero in every coordinate."""

    def total_loss(v):
        return jnp.sum(OwnLoss()(victim.net, victim.record(v), labels))

    gradient = jax.grad(total_loss)(u)
    return jnp.all(gradient.reshape(len(u), -1) == 0, axis=-1)


def survey_run(
    run: Path,
    epsilons: tuple[Epsilon, ...],
    battery: Battery = Battery(),
    twin: Path | None = None,
    examples: int | None = None,
    network: Selection = Last(),
) -> tuple[Dataset, dict[int, Survey]]:
    """Attack the networks of a finished run: its data, and the survey of each seed.

    **Arguments:**

    - `run`: the run's folder.
    - `epsilons`, `battery`: as for `survey`.
    - `twin`: the folder of a run on the same data. Its network of the same seed, or else its
      first, leads the transfer attack.
    - `examples`: attack the first so many of the test split; None: all.
    - `network`: after which epoch, in both runs.

    **Raises:** `UsageError` if the twin was trained on other data, if either names no classes, or
    if their units send samples.

    !!! example

        >>> import tempfile
        >>> import apical
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     run = Path(folder) / "run"
        ...     _ = apical.fit(apical.FA(), apical.load("iris"), batch_size=9, epochs=1, out=run)
        ...     _, surveys = survey_run(run, (Epsilon("0.05"),), examples=20)
        >>> surveys[0].right["fgsm", "0.05"].shape
        (20,)
    """
    at_least_one(examples=examples)
    data, victims = _victims(run, network)
    twins = {} if twin is None else _twins(twin, network, run, data)
    x, labels = np.asarray(data.test.x[:examples]), data.test.y[:examples]
    return data, {
        seed: survey(
            victim, x, labels, epsilons, battery,
            twin=twins.get(seed, twins[min(twins)]) if twins else None, seed=seed,
        )
        for seed, victim in victims.items()
    }  # fmt: skip


def _twins(twin: Path, network: Selection, run: Path, data: Dataset) -> dict[int, Victim]:
    """The networks of the twin, by seed."""
    theirs, twins = _victims(twin, network)
    if theirs.classes != data.classes or theirs.test.checksum() != data.test.checksum():
        raise UsageError(
            f"{twin}: a twin must be trained on the data of {run}, {data.name} "
            f"({', '.join(data.classes)}), and was on {theirs.name} ({', '.join(theirs.classes)}); "
            "name another run"
        )
    return twins


def _victims(run: Path, network: Selection) -> tuple[Dataset, dict[int, Victim]]:
    """The data of a run, and its networks by seed."""
    task, models = reload_classifiers(run, network)
    if any(model.network.random for model in models.values()):
        raise UsageError(
            f"{run}: its units send samples, and attacks are for networks that answer the same "
            "every time; name a run without bernoulli units"
        )
    box = Box.of(task.data)
    return task.data, {s: Victim(m.network, m.transform, box) for s, m in models.items()}
