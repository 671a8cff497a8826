"""Figures of the two simulations of STDP: the paper's Figure 1 with ours, and random rates."""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from apical.papers.iterated_target_prop.stdp import (
    POTENTIALS,
    TIMINGS,
    Pairs,
    StdpRates,
    StdpWindow,
    expected_stdp,
    figure_1,
    gain,
    stdp,
)
from apical.report.axes import band, below, lines
from apical.report.saving import save
from apical.report.style import PALETTE
from apical.reproduce.evidence import Evidence

LABELS = {
    "linear": "constant slope (the paper's)",
    "noisy": "ours: with noise",
    "leaky": "ours: with a leak",
    "from-rest": "ours: from rest, by chance",
}
COLOURS = dict(zip(LABELS, PALETTE, strict=False))
PAPER: dict[str, Any] = {
    "color": "#000000", "marker": "o", "ms": 4, "mfc": "white", "ls": "", "zorder": 4,
    "label": "the paper's Figure 1",
}  # fmt: skip


def draw_window(evidence: Evidence, experiment: str, folder: Path) -> list[Path]:
    """Draw the change by spike timing beside the paper's points; the files, none without runs.

    **Arguments:**

    - `experiment`: whose runs were examined by `StdpWindow`, with each of `POTENTIALS` or some.
    """
    found = {p.name: _changes(evidence, experiment, StdpWindow(p).name) for p in POTENTIALS}
    found = {name: changes for name, changes in found.items() if len(changes)}
    if "linear" not in found:
        return []
    timing, change = figure_1().T
    figure, (whole, *branches) = plt.subplots(1, 3, figsize=(9.4, 3.6))
    for side in (TIMINGS < 0, TIMINGS > 0):
        label = LABELS["linear"] if TIMINGS[side][0] > 0 else None
        look = {"color": COLOURS["linear"], "label": label}
        band(whole, TIMINGS[side], _scaled(found["linear"])[:, side], **look)
    whole.plot(timing, change, **PAPER)
    whole.axhline(0, color="grey", lw=0.8)
    whole.axvline(0, color="grey", lw=0.8)
    whole.set(
        xlabel="post spike after pre spike, $\\Delta T$ (steps)",
        ylabel="mean change $\\Delta W$, in the figure's unit",
        xlim=(-23, 23),
    )
    whole.set_title("the window", fontsize=9)
    for axis, sign, title in zip(branches, (-1, 1), ("before", "after"), strict=True):
        side, theirs = sign * TIMINGS > 0, sign * timing > 0
        for name, changes in found.items():
            x, y = np.abs(TIMINGS[side]), np.abs(_scaled(changes)[:, side])
            band(axis, x, y, color=COLOURS[name], label=LABELS[name])
        axis.plot(np.abs(timing[theirs]), np.abs(change[theirs]), **PAPER)
        axis.set(xscale="log", yscale="log", xlabel="$|\\Delta T|$ (steps, logarithmic)")
        axis.set_ylim(1.2e-4, 0.1)
        axis.set_xticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
        axis.minorticks_off()
        axis.set_title(f"post {title} pre", fontsize=9)
    branches[0].set_ylabel("$|\\Delta W|$, logarithmic")
    branches[1].tick_params(labelleft=False)
    handles, labels = branches[1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=5, fontsize=7.5)
    below(
        figure,
        f"{' '.join(lines([len(found['linear'])]))} Each simulation is scaled by one factor, "
        "fitted to the figure's points before the presynaptic spike. The paper gives no "
        "parameters: all are choices of ours. The figure's last points are about a pixel high.",
    )
    return save(figure, folder, "stdp-window")


def _changes(evidence: Evidence, experiment: str, name: str) -> np.ndarray:
    """Changes by timing, shape (seeds, timings); empty if nothing was examined."""
    read = evidence.read(experiment, f"{name}.json", lambda data: data["changes"])
    return np.array(list(read.values()), float)


def _scaled(changes: np.ndarray) -> np.ndarray:
    """In the figure's unit: by one factor, so that the branches before it are as high."""
    timing, change = figure_1().T
    timing, change = timing[timing < 0], change[timing < 0]
    ours = changes.mean(axis=0)[np.searchsorted(TIMINGS, timing)]
    return changes * np.exp(np.mean(np.log(change / ours)))


def draw_rates(evidence: Evidence, experiment: str, folder: Path) -> list[Path]:
    """Draw STDP by pairs of spikes against S_i dV_j/dt; the files, none without runs.

    **Arguments:**

    - `experiment`: whose runs were examined by `StdpRates`.
    """
    file = f"{StdpRates().name}.json"
    told = list(evidence.read(experiment, file, lambda data: data).values())
    if not told:
        return []
    figure = plt.figure(figsize=(9.4, 3.9))
    panels = figure.subplot_mosaic(
        [["rates", "windows", "draws"], ["sums", "windows", "draws"]], width_ratios=(1.25, 1, 1)
    )
    _example(panels["rates"], panels["sums"])
    windows, draws = panels["windows"], panels["draws"]
    first = told[0]
    windows.plot(
        first["derivative"], first["stdp"], "o", color=PALETTE[0], ms=2.5, alpha=0.5, mew=0
    )
    ends = np.array([min(first["derivative"]), max(first["derivative"])])
    windows.plot(ends, first["slope"] * ends, color="#000000", lw=1)
    windows.set(xlabel="$\\sum S_i\\, dV_j/dt$ of a window", ylabel="STDP of a window")
    windows.set_title(f"means of {first['draws'][-1]} draws of spikes", fontsize=9)
    for key, colour, label in (
        ("correlations", PALETTE[0], "correlation"),
        ("agreements", PALETTE[1], "share of equal signs"),
    ):
        values = np.array([one[key] for one in told])
        band(draws, np.array(first["draws"]), values, color=colour, label=label)
    for key, colour, style, label in (
        ("correlation_exact", PALETTE[0], "--", "correlation, all draws"),
        ("agree_exact", PALETTE[1], "--", "equal signs, all draws"),
        ("correlation_saturating", "#000000", ":", "correlation, saturating $V_j$"),
    ):
        level = np.mean([one[key] for one in told])
        draws.axhline(level, color=colour, ls=style, lw=1.2, label=label)
    draws.set(
        xscale="log", xlabel="draws in a mean (logarithmic)", ylim=(0, 1.02),
        xticks=first["draws"], xticklabels=[str(n) for n in first["draws"]],
    )  # fmt: skip
    draws.minorticks_off()
    draws.set_title("agreement over windows", fontsize=9)
    draws.legend(fontsize=7, loc="lower right")
    below(
        figure,
        f"Left: one pair, one draw of spikes. Middle: the first {len(first['stdp'])} windows of "
        f"{first['window']} steps of one seed; line: least squares for all draws. STDP "
        f"is by nearest neighbours. Right: {first['pairs']} pairs of {first['steps']} steps a "
        f"seed. {' '.join(lines([len(told)]))} All parameters are choices of ours.",
    )
    return save(figure, folder, "stdp-rates")


def _example(rates: Axes, sums: Axes) -> None:
    """One pair of units: rates with their spikes, and both changes as they add up."""
    asked, rng = Pairs(pairs=1, steps=1600), np.random.default_rng(0)
    pre, post = asked.rates(rng), asked.rates(rng)
    S_i, S_j = rng.random(pre.shape) < pre, rng.random(post.shape) < post
    slope = np.gradient(post, axis=1) * gain(post, asked.tau).mean()
    steps = np.arange(asked.steps)
    for level, name, rate, spikes, colour in (
        (1.12, "pre, $i$", pre, S_i, PALETTE[2]),
        (1.04, "post, $j$", post, S_j, PALETTE[1]),
    ):
        rates.plot(steps, rate[0], color=colour, label=name, lw=1.2)
        at = steps[spikes[0]]
        rates.plot(at, np.full(len(at), level * asked.highest), "|", color=colour, ms=5, mew=0.8)
    rates.set(ylabel="spikes a step", ylim=(0, 1.5 * asked.highest))
    rates.tick_params(labelbottom=False)
    rates.legend(fontsize=7, loc="upper center", ncols=2)
    rates.set_title("rates and spikes of one pair", fontsize=9)
    for changes, colour, label in (
        (S_i * stdp(S_j, asked.tau), PALETTE[0], "STDP"),
        (pre * expected_stdp(post, asked.tau), "#000000", "STDP, all draws"),
        (S_i * slope, PALETTE[3], "$S_i\\, dV_j/dt$, scaled"),
    ):
        sums.plot(steps, np.cumsum(changes[0]), color=colour, label=label, lw=1.2)
    sums.set(xlabel="step", ylabel="weight so far")
    sums.sharex(rates)
    sums.legend(fontsize=6.5, loc="best")
