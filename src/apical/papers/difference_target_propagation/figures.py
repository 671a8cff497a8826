"""Learning curves of the three kinds of networks."""

from pathlib import Path

import matplotlib.pyplot as plt

from apical.papers.difference_target_propagation.experiments import NETWORKS
from apical.report.axes import FLOOR, band, by_decades, caption, error_percent
from apical.report.saving import save
from apical.report.style import PALETTE, REFERENCE, look
from apical.reproduce.evidence import Evidence

EPOCHS = {kind: of.epochs for kind, of in NETWORKS.items()}
"""The paper's."""
KINDS = {
    "continuous": "784-7x240-10, tanh",
    "discrete": "784-500-500-10, signs",
    "stochastic": "784-200-200-10, samples",
}
RULES = {
    "scheduled-dtp": (PALETTE[0], "DTP, noise that falls"),
    "dtp": (PALETTE[2], "DTP"),
    "bp": (REFERENCE, "BP, straight through what is sent"),
}


def draw(evidence: Evidence, folder: Path) -> list[Path]:
    """The curves of the kinds that have run; the files."""
    shown = [kind for kind in KINDS if any(evidence.runs(f"{kind}-{rule}") for rule in RULES)]
    if not shown:
        return []
    with look():
        figure, axes = plt.subplots(
            1, len(shown), figsize=(2.7 * len(shown) + 0.4, 3.7), squeeze=False
        )
        for axis, kind in zip(axes[0], shown, strict=True):
            lowest = 100.0
            for rule, (colour, label) in RULES.items():
                for split, line in (("train", ":"), ("test", "-")):
                    name = f"{kind}-{rule}"
                    epochs, values = evidence.curve(name, f"{split}_accuracy", first=1)
                    label_of = label if split == "test" else None
                    style = {"color": colour, "linestyle": line, "label": label_of}
                    errors = error_percent(values)
                    band(axis, epochs, errors, **style)
                    lowest = errors.min(initial=lowest)
            ran = max(epochs, default=0)
            told = f"{KINDS[kind]}\n{ran:.0f} of the paper's {EPOCHS[kind]} epochs"
            axis.set(xlabel="epoch", title=told)
            by_decades(axis, 0.9 * lowest)
            axis.tick_params(which="both", labelsize=7)
            axis.title.set_fontsize(9)
        axes[0, 0].set_ylabel("error (%), logarithmic")
        most = max((axis.get_legend_handles_labels() for axis in axes[0]), key=lambda f: len(f[0]))
        figure.legend(*most, loc="outside upper center", ncols=2)
        caption(
            figure, evidence.protocol,
            *evidence.ran(f"{kind}-{rule}" for kind in shown for rule in RULES),
            note="Solid: test; dotted: training, running averages of each minibatch before its "
            f"update. Errors below {FLOOR:g} % are drawn there. Where units send samples, a "
            "training error is of one pass, a test error of the mean of many.",
        )  # fmt: skip
        return save(figure, folder, "errors")
