"""The search for the recipe's second stage: what the paper does not state.

`python -m apical.papers.iterated_target_prop.search OUT` trains the model once for each of
`TRIALS`, going on with those in OUT, and keeps what came out in `searched.csv`. The measure is the
Parzen log-likelihood of validation images under samples after the paper's three rounds; test images
are not read.
"""

import csv
import sys
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from apical.data import load
from apical.generative import IteratedTargetProp
from apical.generative.fit import fit
from apical.generative.judge import Judge
from apical.generative.learner import flat
from apical.generative.parzen import SIGMAS, log_likelihoods
from apical.generative.reload import reload
from apical.generative.stages import From


class Trial(NamedTuple):
    """The second stage's rates, of parts of `lr`, and noises; g1's rate is 1."""

    f1_rate: float
    f2_rate: float
    g2_rate: float
    f1_noise: float
    f2_noise: float
    g1_noise: float


TRIALS = (
    Trial(0.1, 3.0, 2.0, 0.3, 0.05, 0.2),
    Trial(0.2, 3.0, 1.0, 0.3, 0.2, 0.5),
    Trial(0.2, 3.0, 2.0, 0.5, 0.05, 0.2),
    Trial(0.2, 1.0, 1.0, 0.5, 0.1, 0.2),
    Trial(0.1, 3.0, 2.0, 0.3, 0.2, 0.5),
    Trial(0.1, 6.0, 2.0, 0.3, 0.2, 0.5),
    Trial(0.1, 3.0, 2.0, 0.2, 0.2, 0.5),
)
"""The first is what single runs had led to before; the next three were drawn at random, and the
last three were chosen by those before them."""
EPOCHS, FIRST = 5, 2
"""Of a trial, and of its first stage, which is the recipe's."""
SAMPLES, IMAGES = 4000, 2000
"""Samples, and validation images that they are measured by."""
TABLE = Path(__file__).parent / "searched.csv"


def model(trial: Trial, first: int = FIRST) -> IteratedTargetProp:
    """The paper's model with this second stage."""
    base = IteratedTargetProp()
    second = From(
        first,
        (trial.f1_rate, trial.f2_rate),
        (1.0, trial.g2_rate),
        (trial.f1_noise, trial.f2_noise),
        (trial.g1_noise,),
    )
    return replace(base, stages=(base.course[0], second))


def tried(trial: Trial, out: Path) -> tuple[float, float]:
    """Train; the validation log-likelihood without rounds, and with three."""
    fit(model(trial), load("mnist"), epochs=EPOCHS, out=out, resume=(out / "config.json").exists())
    task, models = reload(out)
    (trained,) = models.values()
    images = Judge(task).validation[:IMAGES]

    def measured(rounds: int) -> float:
        samples = np.asarray(flat(trained.sample(SAMPLES, rounds=rounds)))
        return float(log_likelihoods(samples, images, SIGMAS[:5]).mean(axis=1).max())

    return measured(0), measured(3)


if __name__ == "__main__":
    rows = []
    for number, trial in enumerate(TRIALS):
        directed, refined = tried(trial, Path(sys.argv[1]) / f"trial-{number}")
        rows.append({"trial": number, **trial._asdict(), "directed": directed, "rounds": refined})
        print(rows[-1], flush=True)
        with TABLE.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
