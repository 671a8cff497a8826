"""The search for the recipe's second stage: what the paper does not state.

`python -m apical.papers.iterated_target_prop.search OUT` trains the model once for each of `DRAWS`
draws, going on with those in OUT, and keeps them in `searched.csv`. The measure is the Parzen
log-likelihood of validation images under samples after the paper's three rounds; test images are
not read.
"""

import csv
import random
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from apical.data import load
from apical.generative import IteratedTargetProp
from apical.generative.fit import fit
from apical.generative.judge import Judge
from apical.generative.learner import flat
from apical.generative.parzen import SIGMAS, log_likelihoods
from apical.generative.reload import reload
from apical.generative.stages import From

SPACE: dict[str, tuple[float, ...]] = {
    "f1_rate": (0.1, 0.2, 0.3),
    "f2_rate": (1.0, 3.0, 6.0),
    "g2_rate": (1.0, 2.0, 4.0),
    "f1_noise": (0.2, 0.3, 0.5),
    "f2_noise": (0.02, 0.05, 0.1, 0.2),
    "g1_noise": (0.1, 0.2, 0.3, 0.5),
}
"""Of the second stage; g1's rate is 1."""
BEFORE = {
    "f1_rate": 0.1,
    "f2_rate": 3.0,
    "g2_rate": 2.0,
    "f1_noise": 0.3,
    "f2_noise": 0.05,
    "g1_noise": 0.2,
}
"""Draw 0: what single trials had led to."""
DRAWS = 16
EPOCHS, FIRST = 5, 2
"""Of a draw, and of its first stage, which is the recipe's."""
SAMPLES, IMAGES = 4000, 2000
"""Samples, and validation images that they are measured by."""
TABLE = Path(__file__).parent / "searched.csv"


def draws() -> list[dict[str, float]]:
    """What is tried."""
    chance = random.Random(0)
    return [BEFORE] + [
        {name: chance.choice(values) for name, values in SPACE.items()} for _ in range(DRAWS - 1)
    ]


def model(drawn: dict[str, float], first: int = FIRST) -> IteratedTargetProp:
    """The paper's model with a second stage as drawn."""
    base = IteratedTargetProp()
    second = From(
        first,
        (drawn["f1_rate"], drawn["f2_rate"]),
        (1.0, drawn["g2_rate"]),
        (drawn["f1_noise"], drawn["f2_noise"]),
        (drawn["g1_noise"],),
    )
    return replace(base, stages=(base.course[0], second))


def tried(drawn: dict[str, float], out: Path) -> tuple[float, float]:
    """Train; the validation log-likelihood without rounds, and with three."""
    fit(model(drawn), load("mnist"), epochs=EPOCHS, out=out, resume=(out / "config.json").exists())
    task, models = reload(out)
    (trained,) = models.values()
    images = Judge(task).validation[:IMAGES]

    def measured(rounds: int) -> float:
        samples = np.asarray(flat(trained.sample(SAMPLES, rounds=rounds)))
        return float(log_likelihoods(samples, images, SIGMAS[:5]).mean(axis=1).max())

    return measured(0), measured(3)


if __name__ == "__main__":
    rows = []
    for number, drawn in enumerate(draws()):
        directed, refined = tried(drawn, Path(sys.argv[1]) / f"draw-{number}")
        rows.append({"draw": number, **drawn, "directed": directed, "rounds": refined})
        print(rows[-1], flush=True)
        with TABLE.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
