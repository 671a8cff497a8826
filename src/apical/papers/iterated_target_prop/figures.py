"""Figures of the fifth paper, of what its authors ask, and of what limits the model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from apical.generative.masks import Left
from apical.generative.reload import reload
from apical.papers.iterated_target_prop.examinations import (
    ALPHAS,
    GENERATION,
    IMAGES,
    TRUE_DELTA,
)
from apical.papers.iterated_target_prop.experiments import (
    BETAS,
    CLASSES,
    MODEL,
    SHORT,
    STEPS,
    two_modalities,
)
from apical.papers.iterated_target_prop.stdp_figures import draw_rates, draw_window
from apical.report.axes import band, caption, points
from apical.report.grids import save_examples
from apical.report.saving import save
from apical.report.style import PALETTE, REFERENCE, look
from apical.reproduce.evidence import Evidence

OTHERS = {
    "contractive AE": 121,
    "GSN": 214,
    "GAN": 225,
    "deep belief network*": 138,
    "VAE*": 325,
    "adversarial AE*": 340,
}
"""Parzen log-likelihoods on MNIST, in nats: those that the paper compares with, and (*) others on
the same scale, which are remembered."""
THEIRS = {"directed": ("no rounds", 126), "rounds": ("3 rounds", 236)}
"""The paper's own."""
SHARES = ("precision", "recall", "coverage", "confidence")
"""What `Judge` measures of samples, from 0 to 1, that does not reward blur."""
FIGURE_4 = (-46.3, -35.4)
"""Where the paper's log p(x, h) begins and ends over 20 steps, read off its figure."""
PICTURED = 8
"""Images in a row."""


def draw(evidence: Evidence, folder: Path) -> list[Path]:
    """Whatever there are runs for; the files."""
    with look():
        paths = draw_window(evidence, "classifier", folder)
        paths += draw_rates(evidence, "classifier", folder)
        for part in (ascent, likelihood, questions, modalities, limits):
            paths += part(evidence, folder)
    return [*paths, *pictures(evidence, folder)]


def ascent(evidence: Evidence, folder: Path) -> list[Path]:
    """Figure 4: log p(x, h) over inference steps, and how it grew in training."""
    if not evidence.runs("reference"):
        return []
    figure, (steps, epochs) = plt.subplots(1, 2, figsize=(7.4, 3.4))
    labels = {name: f"alpha {alpha:g}" for name, alpha in ALPHAS.items()}
    labels["true_gradient"] = (
        f"alpha {ALPHAS['paper']:g}, true gradients in steps of {TRUE_DELTA:g}"
    )
    for colour, (name, label) in zip(PALETTE, labels.items(), strict=False):
        curves = _stored(evidence, "reference", "inference", lambda d, n=name: d[n]["curve"])
        if len(curves):
            band(steps, np.arange(curves.shape[1]), curves, color=colour, label=label)
    steps.set(xlabel="step of inference", ylabel="log p(x, h) of test images, up to a constant")
    low, high = steps.get_ylim()
    steps.set_ylim(low - 0.4 * (high - low), high)  # room for the legend
    steps.legend(fontsize=7, loc="lower left")
    steps.set_title("after training", fontsize=9)
    splits = {"train": ("training", REFERENCE), "val": ("validation", PALETTE[0])}
    for split, (label, colour) in splits.items():
        x, values = evidence.curve("reference", f"{split}_log_joint", first=1)
        band(epochs, x, values, color=colour, label=label)
    epochs.set(xlabel="epoch", ylabel="log p(x, h) after inference")
    epochs.legend(fontsize=7)
    epochs.set_title("in training", fontsize=9)
    caption(
        figure, evidence.protocol, *evidence.ran(["reference"]), of=MODEL.recipe.epochs,
        note=f"The paper's curve over steps rises from {FIGURE_4[0]:g} to {FIGURE_4[1]:g}, read "
        "off its figure. Training: running averages of each minibatch before its update.",
    )  # fmt: skip
    return save(figure, folder, "inference")


def likelihood(evidence: Evidence, folder: Path) -> list[Path]:
    """Parzen log-likelihoods beside those of other models, and what does not reward blur."""
    if not evidence.stored("reference", "samples.json", "rounds", "parzen", "mean"):
        return []
    ours = [
        (f"ours, {label}", PALETTE[1], "samples.json", name) for name, (label, _) in THEIRS.items()
    ]
    ours += [
        ("training images", PALETTE[0], "references.json", "training"),
        ("Gaussian, 100 components", PALETTE[0], "references.json", "gaussian"),
    ]
    published = {**OTHERS, **{f"paper, {label}": value for label, value in THEIRS.values()}}
    figure, (whole, shares) = plt.subplots(1, 2, figsize=(9.4, 3.9), width_ratios=(3, 2))
    for place, value in enumerate(published.values()):
        whole.plot(value, place, "o", ms=4.5, color=REFERENCE, mfc="white")
    labels = [*published, *(label for label, *_ in ours)]
    for place, (_, colour, file, name) in enumerate(ours, start=len(published)):
        values = evidence.stored("reference", file, name, "parzen", "mean")
        points(whole, place, list(values.values()), across=True, color=colour)
    whole.set_yticks(range(len(labels)), labels, fontsize=8)
    whole.set_xlabel("Parzen log-likelihood of MNIST test images (nats)")
    whole.invert_yaxis()
    for column, (label, colour, file, name) in enumerate(ours):
        marker = "osD^"[column]
        for x, measure in enumerate(SHARES):
            found = list(evidence.stored("reference", file, name, measure).values())
            beside = x + 0.15 * (column - 1.5)
            points(shares, beside, found, color=colour, marker=marker)
        shares.plot([], [], color=colour, marker=marker, linestyle="", label=label)
    shares.set_xticks(range(len(SHARES)), SHARES, fontsize=8)
    shares.set(ylim=(-0.02, 1.02), ylabel="share, in the features of the classifier")
    shares.legend(fontsize=7, loc=(0.4, 0.36))
    caption(
        figure, evidence.protocol, *evidence.ran(["reference"]), of=MODEL.recipe.epochs,
        note="Black: published numbers, of single runs (*: remembered). Orange: ours; blue: by the "
        "same code, of what no model made. Filled points: means with 95 % t intervals over "
        "training seeds; open ones: single seeds.",
    )  # fmt: skip
    return save(figure, folder, "likelihood")


def questions(evidence: Evidence, folder: Path) -> list[Path]:
    """What the authors ask: J and the likelihood of short runs that differ in one thing each."""
    groups = {
        "terms of q: beta": {"0": "short"} | {f"{b:g}": f"beta-{b:g}" for b in BETAS},
        "gradient in inference": {
            "difference\ntargets": "short",
            "true\ngradient": "true-gradient",
        },
        "steps of inference": {
            str(s): "short" if s == MODEL.steps else f"steps-{s}"
            for s in sorted((*STEPS, MODEL.steps))
        },
        "learning from": {
            "final\nvalues": "final-values",
            "temporal\nderivative": "temporal-derivative",
        },
        "alpha in training": {"0.001": "short", "0.1": "alpha-0.1"},
    }
    shown = {
        title: {label: name for label, name in group.items() if evidence.runs(name)}
        for title, group in groups.items()
    }
    shown = {title: group for title, group in shown.items() if len(group) > 1}
    if not shown:
        return []
    rows: dict[str, tuple[str, Sequence[str]]] = {
        "log p(x, h)\nafter inference": ("inference.json", ("paper", "last")),
        "Parzen log-likelihood\n3 rounds (nats)": ("samples.json", ("rounds", "parzen", "mean")),
        "classifier's\nconfidence": ("samples.json", ("rounds", "confidence")),
    }
    figure, axes = plt.subplots(
        len(rows), len(shown), figsize=(2.3 * len(shown) + 0.6, 5.6),
        sharey="row", sharex="col", squeeze=False,
    )  # fmt: skip
    for column, (title, group) in zip(axes.T, shown.items(), strict=True):
        for axis, (file, keys) in zip(column, rows.values(), strict=True):
            for x, name in enumerate(group.values()):
                values = list(evidence.stored(name, file, *keys).values())
                points(axis, x, values, color=REFERENCE if name == "short" else PALETTE[1])
            axis.set_xlim(-0.5, len(group) - 0.5)
            axis.set_xticks(range(len(group)), list(group), fontsize=8)
        column[-1].set_xlabel(title)
    for axis, label in zip(axes[:, 0], rows, strict=True):
        axis.set_ylabel(label, fontsize=8)
    names = {name for group in shown.values() for name in group.values()}
    caption(
        figure, evidence.protocol, *evidence.ran(sorted(names)), of=MODEL.recipe.epochs,
        note="Points: means with 95 % t intervals, open ones single seeds. In black the paper's "
        f"own way, trained for {SHORT} epochs as all here. log p(x, h) is measured by each "
        "model's own inference at alpha .001. 2000 samples each.",
    )  # fmt: skip
    return save(figure, folder, "questions")


def modalities(evidence: Evidence, folder: Path) -> list[Path]:
    """Whether a correction from above is needed with two modalities: what each of them makes of the
    other, by what was corrected from above in training and in use."""
    shown = {
        e.name: f"alpha {e.model.inference.alpha:g}\nbeta {e.model.inference.beta:g}"
        for e in two_modalities()
        if evidence.stored(e.name, "completion.json", "as_trained", "label")
    }
    if not shown:
        return []
    uses = {"as_trained": "as in training", **{use: f"{a:g}" for use, a in GENERATION.items()}}
    rows = {
        "label": "labels filled in right,\nof a given image",
        "label_by_top": "the same of labels that\nthe top decodes to",
        "image": "images that show\na given label's class",
    }
    figure, axes = plt.subplots(1, len(rows), figsize=(9.4, 3.4), sharey=True)
    for axis, (key, title) in zip(axes, rows.items(), strict=True):
        axis.axhline(1 / CLASSES, color="grey", lw=0.8)
        for side, colour, (use, label) in zip((-1, 1), PALETTE, uses.items(), strict=False):
            for x, name in enumerate(shown):
                values = evidence.stored(name, "completion.json", use, key).values()
                points(axis, x + 0.1 * side, list(values), color=colour, marker="os"[side > 0])
            axis.plot([], [], "os"[side > 0], color=colour, label=f"alpha in use: {label}")
        axis.set_xticks(range(len(shown)), list(shown.values()), fontsize=8)
        axis.set(xlabel="in training", xlim=(-0.5, len(shown) - 0.5), ylim=(-0.02, 1.02))
        axis.set_title(title, fontsize=9)
    axes[0].set_ylabel("share of test examples")
    axes[0].legend(fontsize=7)
    caption(
        figure, evidence.protocol, *evidence.ran(list(shown)), of=MODEL.recipe.epochs,
        note=f"Images and their labels, {SHORT} epochs. The first {IMAGES} test examples; what is "
        "missing is filled in by 20 rounds from noise. Grey: chance. Points: means with 95 % t "
        "intervals, open ones single seeds.",
    )  # fmt: skip
    return save(figure, folder, "modalities")


def limits(evidence: Evidence, folder: Path) -> list[Path]:
    """What limits it: the estimator, the condition of convergence, and the steps in use."""
    if not evidence.runs("reference"):
        return []
    figure, (agree, size, eigen, used) = plt.subplots(1, 4, figsize=(11, 3.2))
    layers = range(len(MODEL.hidden))
    noises = _stored(evidence, "reference", "estimator", lambda d: d["noises"])
    for axis, key in ((agree, "cosine"), (size, "scale")) if len(noises) else ():
        values = _stored(evidence, "reference", "estimator", lambda d, k=key: d[k])
        for l in layers:
            style = {"color": PALETTE[l], "label": f"h{l + 1}", "marker": "o", "ms": 3}
            band(axis, np.arange(noises.shape[1]), values[:, :, l], **style)
        axis.set_xticks(range(noises.shape[1]), [f"{n:g}" for n in noises[0]], fontsize=8)
        axis.set_xlabel("noise on h")
        axis.legend(fontsize=7)
        axis.set_title(f"estimator: {key}", fontsize=9)
    agree.set(ylabel="cosine to the true gradient", ylim=(-0.02, 1.02))
    size.set(ylabel="size beside the true gradient")
    for l in layers:
        epochs, values = evidence.curve("reference", "inversion", "eigenvalue", str(l))
        band(eigen, epochs, values, color=PALETTE[l], label=f"h{l + 1}")
    eigen.axhline(1, color="grey", lw=0.8)
    eigen.set(xlabel="epoch", ylabel="largest eigenvalue of $(I-f'g')^T(I-f'g')$", ylim=(0, None))
    eigen.legend(fontsize=7)
    eigen.set_title("convergence wants < 1", fontsize=9)
    steps = _stored(evidence, "reference", "steps-in-use", lambda d: d["steps"])
    parzen = _stored(evidence, "reference", "steps-in-use", lambda d: d["parzen"])
    if len(steps):
        band(used, steps[0], parzen, color=PALETTE[2], marker="o", ms=3)
    used.set(xlabel="steps in each round", ylabel="Parzen log-likelihood (nats)")
    used.set_title("steps in use, 3 rounds", fontsize=9)
    caption(
        figure, evidence.protocol, *evidence.ran(["reference"]), of=MODEL.recipe.epochs,
        note="The estimator is looked at where h is inferred, with Gaussian noise. 2000 samples "
        "for each number of steps in use.",
    )  # fmt: skip
    return save(figure, folder, "limits")


def pictures(evidence: Evidence, folder: Path) -> list[Path]:
    """Samples and completions of the first run that kept its network."""
    kept = [run for run in evidence.runs("reference") if run.keeps_networks]
    if not kept:
        return []
    _, models = reload(kept[0].path)
    (model,) = models.values()
    sampled = [model.sample(5 * 2 * PICTURED, rounds=rounds) for rounds in (0, 3)]
    raw = model.data.test.x[: 2 * PICTURED]
    known = Left().known(model.shape, 0)
    rounds = (0, 1, 5, 20)
    completed = [model.inpaint(raw, known, rounds=n) for n in rounds]
    whole = model.rows(raw).reshape(raw.shape)
    drawn = {
        "samples-directed": sampled[0],
        "samples": sampled[1],
        "inpainting": np.concatenate([whole, *completed]),
    }
    return [
        save_examples(images, folder / f"{name}.png", across=2 * PICTURED)
        for name, images in drawn.items()
    ]


def _stored(evidence: Evidence, experiment: str, file: str, read: Any) -> np.ndarray:
    """What is read of a file of each run, (seeds, ...); empty without runs."""
    return np.array(list(evidence.read(experiment, f"{file}.json", read).values()), float)
