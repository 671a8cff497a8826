"""What runs for the fifth paper: its model, what its authors ask of it, and a judge of samples.

The paper states the layers, the epochs and the minibatches, and of inference the steps, delta and
alpha. Rates, noises, decoders and initial weights are the recipe of `IteratedTargetProp`.
"""

from collections.abc import Iterator
from dataclasses import replace

from apical.generative import IteratedTargetProp
from apical.generative.estimators import TrueGradient
from apical.generative.lessons import FinalValues, TemporalDerivative
from apical.generative.modalities import Reads
from apical.generative.stages import From
from apical.networks.activations import relu
from apical.networks.layers import Conv, Fc
from apical.papers.iterated_target_prop.examinations import (
    TRUE_DELTA,
    Ascent,
    Completion,
    EstimatorCheck,
    References,
    Samples,
    StepsInUse,
)
from apical.papers.iterated_target_prop.stdp import STDP
from apical.reproduce.experiment import Experiment, GenerativeExperiment, Planned
from apical.rules import BP
from apical.settings import Settings
from apical.settings.schedules import Cosine

MODEL = IteratedTargetProp()
CLASSIFIER = Settings(
    hidden=(Conv((5, 5), 16, 2), Conv((3, 3), 32, 2), Fc(256)),
    activation=relu,
    optimizer="adam",
    lr=2e-3,
    schedule=Cosine(),
    batch_size=100,
    epochs=4,
)
"""Of the network in whose features and classes samples are judged."""
SHORT = 5
"""Epochs of the runs that answer the authors' questions; the paper's model has 20."""
STEPS = (1, 3, 7, 30)
"""Steps of inference in training, beside the paper's 15."""
CLAIMED = (3, 30)
"""Those that a claim is about."""
BETAS = (0.001, 0.01, 0.1)
"""Sizes of the steps up log q(h | x), which the paper leaves out."""
PIXELS, CLASSES = 784, 10
BOTH = replace(MODEL, hidden=(1100, 100), modalities=(Reads(PIXELS, 1000), Reads(CLASSES, 100)))
"""The model of images and labels."""
FIRST = MODEL.course[0]
EVEN = From(3, (0.1,), (1.0,), (0.3, 0.05), (0.2,))
"""In place of the recipe's second stage: its noises, and the rates of the first stage. Without the
slopes of the activations, which are 1/4 at most at the top, the temporal derivative makes larger
changes; with the recipe's larger rates there the top's activities hardly differ any more between
examples."""
MANY, FEW = 10_000, 2_000
"""Samples by which the paper's model is judged, and the short runs."""


def experiments(protocol: str) -> Iterator[Planned]:
    """`quick`: the short runs, without the paper's model; `smoke`: a few minibatches of small
    ones."""
    if protocol == "smoke":
        yield classifier().with_settings(epochs=1, steps_per_epoch=20)
        small = replace(MODEL, hidden=(30, 10), trace_steps=2)
        brief = replace(MODEL.recipe, epochs=1, steps_per_epoch=20)
        for whole in (reference(200), short("short", small, samples=200)):
            yield replace(whole, model=small, settings=brief)
        (both, *_) = two_modalities()
        parts = (Reads(PIXELS, 30), Reads(CLASSES, 3))
        small = replace(small, hidden=(33, 10), modalities=parts)
        yield replace(both, model=small, settings=brief)
        return
    yield classifier()
    if protocol == "paper":
        yield reference(MANY)
    yield from questions()


def classifier() -> Experiment:
    """The judge of samples. The simulations of STDP hang on it, since they need but a seed."""
    return Experiment("classifier", BP(), CLASSIFIER, examinations=STDP)


def reference(samples: int) -> GenerativeExperiment:
    """The paper's model."""
    fewer = min(samples, FEW)
    looked_into = (
        Ascent(), EstimatorCheck(), Samples(samples), References(samples), StepsInUse(fewer),
    )  # fmt: skip
    return GenerativeExperiment(
        "reference", MODEL, MODEL.recipe, examinations=looked_into, value=2.0
    )


def questions() -> Iterator[GenerativeExperiment]:
    """The slides' open questions, each beside `short`, which is the paper's model as briefly."""
    yield short("short", MODEL, value=1.0)
    yield short("alpha-0.1", replace(MODEL, alpha=0.1))
    along = replace(MODEL, lesson=TemporalDerivative(), stages=(FIRST, EVEN))
    yield short("temporal-derivative", along)
    yield short("final-values", replace(along, lesson=FinalValues()))
    by_gradients = replace(MODEL, estimator=TrueGradient(), delta=TRUE_DELTA)
    yield short("true-gradient", by_gradients, value=1.0)
    for steps in STEPS:
        claimed = steps in CLAIMED
        yield short(f"steps-{steps}", replace(MODEL, steps=steps), value=float(claimed))
    for beta in BETAS:
        yield short(f"beta-{beta:g}", replace(MODEL, beta=beta))
    yield from two_modalities()


def two_modalities() -> Iterator[GenerativeExperiment]:
    """The first question for images and their labels, each beside `labels`: the paper's image path,
    and a hundred units that read the label, which meet at the top."""
    models = {
        "labels": (BOTH, 1.0),
        "labels-alpha-0.1": (replace(BOTH, alpha=0.1), 1.0),
        "labels-beta-0.01": (replace(BOTH, beta=0.01), 0.0),
        "labels-beta-0.1": (replace(BOTH, beta=0.1), 1.0),
    }
    for name, (model, value) in models.items():
        looked_into = (Ascent(), Completion())
        whole = short(name, model, value=value)
        yield replace(whole, data="mnist+labels", examinations=looked_into)


def short(
    name: str, model: IteratedTargetProp, samples: int = FEW, value: float = 0.0
) -> GenerativeExperiment:
    """A run of `SHORT` epochs."""
    settings = replace(model.recipe, epochs=SHORT)
    examinations = (Ascent(), Samples(samples))
    return GenerativeExperiment(name, model, settings, examinations=examinations, value=value)
