"""The surveys of a finished run, one a seed, from its folder."""

from pathlib import Path

import numpy as np

from apical.adversarial.box import Box
from apical.adversarial.epsilon import Epsilon
from apical.adversarial.survey import Battery, Survey, survey
from apical.adversarial.victim import Victim
from apical.data import Dataset
from apical.errors import UsageError
from apical.training.reload import reload


def survey_run(
    run: Path,
    epsilons: tuple[Epsilon, ...],
    battery: Battery = Battery(),
    twin: Path | None = None,
    examples: int | None = None,
) -> tuple[Dataset, dict[int, Survey], dict[int, Survey]]:
    """(data, the run's surveys, its twin's) by seed, on the first `examples` of the test split.

    A twin's network of the same seed leads the transfer attack, or its first if it has none.
    Raises `UsageError` if the twin was trained on other data.
    """
    data, victims = _victims(run)
    if examples is not None and examples < 1:
        raise UsageError(f"examples: must be at least 1, got {examples}")
    x, labels = data.test.x[:examples], data.test.y[:examples]
    if twin is None:
        return (
            data,
            {s: survey(v, x, labels, epsilons, battery, seed=s) for s, v in victims.items()},
            {},
        )
    others, twins = _victims(twin)
    if (others.name, others.classes) != (data.name, data.classes) or not np.array_equal(
        others.test.x, data.test.x
    ):
        raise UsageError(
            f"transfer-from: {twin} was trained on {others.name} ({', '.join(others.classes)}), "
            f"{run} on {data.name} ({', '.join(data.classes)}); name a run on the same data"
        )
    pairs = {s: (victim, twins.get(s, twins[min(twins)])) for s, victim in victims.items()}
    ours = {s: survey(v, x, labels, epsilons, battery, t, s) for s, (v, t) in pairs.items()}
    theirs = {s: survey(t, x, labels, epsilons, battery, v, s) for s, (v, t) in pairs.items()}
    return data, ours, theirs


def _victims(run: Path) -> tuple[Dataset, dict[int, Victim]]:
    task, networks = reload(run)
    box = Box.of(task.data)
    return task.data, {s: Victim(net, task.transforms.test, box) for s, net in networks.items()}
