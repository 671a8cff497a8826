"""The surveys of a finished run, one a seed, from its folder."""

from pathlib import Path

import numpy as np

from apical.adversarial.box import Box
from apical.adversarial.epsilon import Epsilon
from apical.adversarial.survey import Battery, Survey, survey
from apical.adversarial.victim import Victim
from apical.data import Dataset
from apical.errors import UsageError, at_least_one
from apical.training.reload import reload_classifiers
from apical.training.selection import Last, Selection


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
