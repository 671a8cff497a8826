"""The figure of a classifier's mistakes: the confusion matrix, and the images it is wrong about."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Int
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure, SubFigure

from apical.report.saving import save_at
from apical.report.style import look

NUMBERED = 12
"""Classes up to which every cell of the matrix has its numbers."""
PAIRS = 25
"""Of more classes, so many confusions are listed."""
IMAGES = 24
LONGEST = 16
"""Letters of a class's name on an axis."""


@dataclass(frozen=True)
class Mistake:
    """An example that was taken for another class."""

    image: np.ndarray
    """From 0, black, to 1: shape (rows, columns), or (rows, columns, 3)."""
    true: str
    given: str
    sureness: float
    """The probability that the network gave its answer, or its score where it gives none."""


def draw(
    counts: Int[np.ndarray, "classes classes"],
    classes: Sequence[str],
    mistakes: Sequence[Mistake],
    out: Path,
    title: str,
    kind: str = "probability",
) -> Path:
    """Draw counts of true (rows) and given classes (columns), and mistakes; the figure's file.

    **Arguments:**

    - `mistakes`: in the order in which they are shown, `IMAGES` at the most; none of data that are
      no images.
    - `out`: its ending says the format.
    - `kind`: what `sureness` is.

    **Raises:** as `save_at`.
    """
    shown = mistakes[:IMAGES]
    listed = len(classes) > NUMBERED
    with look(), plt.rc_context({"axes.grid": False}):
        side = 5.6 if not listed else max(6.5, 0.15 * len(classes) + 1.5)
        beside = 5.6 if listed else 4.6 if shown else 0
        figure = plt.figure(figsize=(side + 0.6 + beside, side + 0.4))
        figure.suptitle(title)
        if not beside:
            _matrix(figure.subplots(), counts, classes)
            return save_at(figure, out, "evaluate")
        sides: Any = figure.subfigures(1, 2, width_ratios=[side + 0.6, beside])
        left, right = sides
        _matrix(left.subplots(), counts, classes)
        parts = [listed, bool(shown)]
        halves: list[SubFigure] = [right]
        if all(parts):
            rows = _rows(len(shown))
            heights = [max(side - rows * 1.2, 3), rows * 1.2]
            halves = [*np.ravel(right.subfigures(2, 1, height_ratios=heights))]
        if listed:
            _pairs(halves[0].subplots(), counts, classes)
        if shown:
            _images(halves[-1], shown, len(mistakes), kind)
        return save_at(figure, out, "evaluate")


def _matrix(axis: Axes, counts: np.ndarray, classes: Sequence[str]) -> None:
    """Colours are shares of a true class; their square root, or few mistakes would not be seen."""
    k, names = len(classes), [_cut(name, LONGEST) for name in classes]
    of_each = counts.sum(axis=1, keepdims=True)
    shares = counts / np.where(of_each > 0, of_each, 1)
    image = axis.imshow(shares, cmap="Blues", norm=PowerNorm(0.5, 0, 1))
    small = 9 if k <= NUMBERED else max(5.0, 8 - k / 33)
    wide = max(map(len, names)) * k > 60  # letters that would not stand side by side
    axis.set_xticks(range(k), names, fontsize=small, rotation=90 if wide else 0)
    axis.set_yticks(range(k), names, fontsize=small)
    axis.tick_params(length=0)
    axis.set_xlabel("given class")
    axis.set_ylabel("true class")
    for spine in axis.spines.values():
        spine.set_visible(False)
    told = f"{int(counts.sum()):,} answers, {np.trace(counts) / max(counts.sum(), 1):.2%} right"
    axis.set_title(f"{told}; colour: share of the true class", fontsize=9)
    if k > NUMBERED:
        axis.figure.colorbar(image, ax=axis, shrink=0.5, pad=0.01, format="{x:.0%}")
        return
    for i, j in np.ndindex(k, k):
        if counts[i, j]:
            text = f"{counts[i, j]:,}\n{_percent(float(shares[i, j]))}"
            colour = "white" if shares[i, j] > 0.35 else "black"
            size = 6.5 if k > 6 else 8
            axis.text(j, i, text, ha="center", va="center", fontsize=size, color=colour)


def _cut(name: str, letters: int) -> str:
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"


def _pairs(axis: Axes, counts: np.ndarray, classes: Sequence[str]) -> None:
    """The confusions that are most frequent, a bar each."""
    wrong = counts * (1 - np.eye(len(classes), dtype=int))
    order = np.argsort(-wrong, axis=None, kind="stable")[:PAIRS]
    pairs = [(i, j) for i, j in zip(*np.unravel_index(order, wrong.shape), strict=True)]
    pairs = [(i, j) for i, j in pairs if wrong[i, j]]
    heights = [wrong[i, j] for i, j in pairs]
    short = [_cut(name, LONGEST) for name in classes]
    axis.barh(range(len(pairs)), heights, color="#4a6fa5")
    axis.set_yticks(range(len(pairs)), [f"{short[i]} → {short[j]}" for i, j in pairs], fontsize=7)
    axis.tick_params(axis="y", length=0)
    axis.set_ylim(max(len(pairs), 1) - 0.4, -0.6)
    axis.set_xticks([])
    axis.spines["bottom"].set_visible(False)
    axis.margins(x=0.22)
    for at, (i, j) in enumerate(pairs):
        share = _percent(float(wrong[i, j] / counts[i].sum()))
        axis.text(wrong[i, j], at, f" {wrong[i, j]:,}, {share}", va="center", fontsize=7)
    axis.figure.suptitle(
        "The most frequent mistakes: true → given,\nhow many, share of the true class", fontsize=8
    )


ACROSS = 4


def _rows(images: int) -> int:
    return math.ceil(images / ACROSS)


def _images(figure: SubFigure | Figure, shown: Sequence[Mistake], count: int, kind: str) -> None:
    told = (
        f"{len(shown)} of {count:,} examples that were mistaken"
        if count > len(shown)
        else (f"The {count} examples that were mistaken")
    )
    figure.suptitle(f"{told}, the surest first:\ntrue → given, {kind}", fontsize=8)
    for axis, mistake in zip(
        np.ravel(figure.subplots(_rows(len(shown)), ACROSS, squeeze=False)),
        [*shown, *[None] * (-len(shown) % ACROSS)],
        strict=True,
    ):
        axis.axis("off")
        if mistake is None:
            continue
        axis.imshow(mistake.image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        true, given = (_cut(name, 14) for name in (mistake.true, mistake.given))
        long = len(true) + len(given) > 10
        between = "\n→ " if long else " → "
        axis.set_title(f"{true}{between}{given}, {mistake.sureness:.2f}", fontsize=6.5, pad=2)
