"""What is measured on finished runs of the model: inference, its estimator, and samples."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from apical.diagnostics.inversion import agreement
from apical.generative.estimators import TrueGradient
from apical.generative.generative_model import GenerativeModel
from apical.generative.inference import ascent, inferred
from apical.generative.judge import Judge
from apical.generative.references import drawn_again, gaussian
from apical.generative.reload import reload
from apical.generative.task import GenerativeTask
from apical.reproduce.examination import Examination
from apical.training.reload import reload_classifiers
from apical.training.selection import Last

CLASSIFIER = "classifier"
"""The experiment whose network sees features and classes in samples."""
ALPHAS = {"paper": 0.001, "larger": 0.1}
"""The alpha of inference that the paper states, and one with which J rises."""
GENERATION = {"generating": 0.3}
"""The alpha of inference in the paper's rounds of generation."""
TRUE_DELTA = 0.01
"""The step of inference by true gradients, which at the paper's .1 grows beyond all bounds: of .03,
.01, .003, .001 and .0003 the one that came highest on validation images, in one trained model."""
IMAGES = 1000
"""Test images, the first ones, that inference is looked at with."""


@dataclass(frozen=True)
class Ascent(Examination):
    """log p(x, h) over inference steps on test images, with its ends and its least step: at each of
    `ALPHAS`, and at the paper's with true gradients in place of difference targets, in steps of
    `TRUE_DELTA`."""

    steps: int = 20

    @property
    def name(self):
        return "inference"

    def examine(self, run, root):
        task, model = _model(run)
        x, by = _images(task), model.model.inference._replace(steps=self.steps)
        ways = {name: by._replace(alpha=alpha) for name, alpha in ALPHAS.items()}
        ways["true_gradient"] = ways["paper"]._replace(estimator=TrueGradient(), delta=TRUE_DELTA)
        found = {}
        for name, way in ways.items():
            curve = np.asarray(ascent(model.stack, x, way), float)
            found[name] = {
                "first": float(curve[0]),
                "last": float(curve[-1]),
                "least_step": float(np.diff(curve).min()),
                "curve": curve.tolist(),
            }
        better = found["true_gradient"]["last"] - found["paper"]["last"]
        return {**found, "better_by_true_gradient": better}


@dataclass(frozen=True)
class EstimatorCheck(Examination):
    """The estimator f(h_{l-1}) - f(g(h)) beside the gradient of log p(h_{l-1} | h) at
    h = h_l + noise: cosine and scale by the noise's size, a number for each layer."""

    noises: tuple[float, ...] = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0)

    @property
    def name(self):
        return "estimator"

    def examine(self, run, root):
        task, model = _model(run)
        x, stack, key = _images(task), model.stack, jax.random.key(0)
        h = model.model.infer(stack, x)
        cosines, scales = [], []
        for sigma in self.noises:
            layers = zip(stack.encoders, stack.decoders, (x, *h[:-1]), h, strict=True)
            of_layers = [
                agreement(f, g, below, a + sigma * jax.random.normal(key, a.shape))
                for f, g, below, a in layers
            ]
            cosines.append([float(jnp.nanmean(cosine)) for cosine, _ in of_layers])
            scales.append([float(jnp.nanmedian(scale)) for _, scale in of_layers])
        return {"noises": list(self.noises), "cosine": cosines, "scale": scales}


@dataclass(frozen=True)
class Samples(Examination):
    """What `Judge` measures of samples: without rounds of inference, and with the paper's three."""

    count: int

    @property
    def name(self):
        return "samples"

    @property
    def needs(self):
        return {CLASSIFIER}

    def examine(self, run, root):
        task, model = _model(run)
        judge = _judge(task, run, root)
        directed, refined = (_told(judge, model.sample(self.count, rounds=n)) for n in (0, 3))
        gain = refined["parzen"]["mean"] - directed["parzen"]["mean"]
        return {"directed": directed, "rounds": refined, "gain_by_rounds": gain}


@dataclass(frozen=True)
class References(Examination):
    """The same of training images in place of samples, and of a Gaussian fitted to them."""

    count: int

    @property
    def name(self):
        return "references"

    @property
    def needs(self):
        return {CLASSIFIER}

    def examine(self, run, root):
        task, _ = _model(run)
        judge, seed = _judge(task, run, root), int(run.name.removeprefix("seed-"))
        drawn = {
            "training": drawn_again(judge.train, self.count, seed),
            "gaussian": gaussian(judge.train, self.count, seed, within=judge.within),
        }
        return {name: _told(judge, rows) for name, rows in drawn.items()}


@dataclass(frozen=True)
class StepsInUse(Examination):
    """The Parzen log-likelihood of samples by other numbers of inference steps in each round."""

    count: int
    steps: tuple[int, ...] = (1, 2, 4, 8, 15, 30)

    @property
    def name(self):
        return "steps-in-use"

    def examine(self, run, root):
        task, model = _model(run)
        judge = Judge(task)
        samples = (model.sample(self.count, steps=steps) for steps in self.steps)
        found = [judge.measure(drawn)["parzen"]["mean"] for drawn in samples]
        return {"steps": list(self.steps), "parzen": found}


@dataclass(frozen=True)
class Completion(Examination):
    """What a model of images and labels makes of either when it is given the other, on the first
    `IMAGES` test examples.

    `label`: the image is known. The share of examples whose class has the largest of the label's
    values. `image`: the label is known. The share of images in which the classifier sees that
    class. Both are filled in by rounds of inpainting from noise, with the alpha of training, and
    with that of `GENERATION`.

    `label_by_top`: the share where the class has the largest of the label's values as they are
    decoded from the top, all the way down, once the label has been filled in.
    """

    rounds: int = 20

    @property
    def name(self):
        return "completion"

    @property
    def needs(self):
        return {CLASSIFIER}

    def examine(self, run, root):
        task, model = _model(run)
        judge, data = _judge(task, run, root), task.data
        raw, classes = data.test.x[:IMAGES], data.test.y[:IMAGES]
        image = np.arange(raw.shape[1]) < raw.shape[1] - data.n_classes
        found = {}
        for name, alpha in {"as_trained": model.model.inference.alpha, **GENERATION}.items():
            labelled = model.inpaint(raw, image, rounds=self.rounds, alpha=alpha)
            drawn = model.inpaint(raw, ~image, rounds=self.rounds, alpha=alpha)
            by = model.model.inference._replace(alpha=alpha)
            top = inferred(model.stack, jnp.asarray(labelled), by)[-1]
            from_top = np.asarray(model.stack.decode(top))
            found[name] = {
                "label": _share(labelled[:, ~image].argmax(axis=1) == classes),
                "label_by_top": _share(from_top[:, ~image].argmax(axis=1) == classes),
                "image": _share(judge.classes(drawn) == classes),
            }
        return found


def _share(right: np.ndarray) -> float:
    return float(np.mean(right))


def _model(run: Path) -> tuple[GenerativeTask, GenerativeModel]:
    task, models = reload(run)
    (model,) = models.values()
    return task, model


def _images(task: GenerativeTask) -> Any:
    """The first test images, as rows."""
    x = task.transforms.test(task.data.test.x[:IMAGES])
    return jnp.asarray(x).reshape(len(x), -1)


def _judge(task: GenerativeTask, run: Path, root: Path) -> Judge:
    """With the classifier of the run's seed."""
    _, classifiers = reload_classifiers(root / CLASSIFIER / run.name, Last())
    (classifier,) = classifiers.values()
    return Judge(task, classifier)


def _told(judge: Judge, samples: np.ndarray) -> dict[str, Any]:
    """What was measured, and the share of the rarest class."""
    measured = judge.measure(samples)
    return {**measured, "rarest_class": min(measured["classes"])}
