"""`apical attack RUN`: a finished run under adversarial inputs."""

import statistics
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from rich.table import Table
from rich.text import Text

from apical.adversarial.attack import GradientAttack
from apical.adversarial.attacks import FGSM
from apical.adversarial.survey import CLEAN, ITERATED, ONE_STEP, Battery, Survey
from apical.adversarial.threat_model import USUAL, Epsilon
from apical.cli.support import terminal
from apical.cli.support.console import tell_if_unfinished
from apical.cli.support.flags import cli
from apical.errors import UsageError
from apical.runs.statistics import half_width, proportion_interval
from apical.training.selection import Last, Selection


def main(args: list[str]) -> None:
    cli(attack, args, "apical attack")


def attack(
    run: Annotated[Path, tyro.conf.Positional],
    attack: GradientAttack = FGSM(),
    eps: tuple[str, ...] = USUAL,
    transfer_from: Path | None = None,
    network: Selection = Last(),
    examples: int | None = 1000,
    out: Path | None = None,
    overwrite: bool = False,
) -> None:
    """Attack a network of each seed on the test split, and check for masking.

    An example that is taken wrong already stays as it is. Further attacks run beside it: noise
    of the same size as a control, FGSM beside PGD and PGD beside FGSM, and an adaptive one whose
    slopes do not vanish where units saturate.

    Args:
        run: Folder of a run, as given to --out of `apical train`.
        attack: fgsm, or pgd:STEPS,SIZE with the size of a step in parts of eps.
        eps: Largest change of a feature as a part of its range: 8/255 is eight grey levels.
        transfer_from: A run on the same data whose networks lead a further attack, for example a
            twin trained by bp; it is attacked too, and what is left is compared with its.
        network: After which epoch, in both runs: the last one saved, or the best on validation.
        examples: The first so many test examples, at most; None: all.
        out: Folder for attack.csv, accuracy and examples figures; None: RUN/attack.
        overwrite: Replace what an earlier attack left in that folder.
    """
    from apical.adversarial.masking import diagnose
    from apical.adversarial.results import AccuracyUnderAttack, write_csv
    from apical.adversarial.survey import survey_run
    from apical.report.attacks import draw_curves, draw_examples

    if not eps:
        raise UsageError("eps: name at least one, as in 4/255 8/255")
    folder = run / "attack" if out is None else out
    results = folder / "attack.csv"
    if results.exists() and not overwrite:
        raise UsageError(
            f"{results}: an earlier attack's results; name another folder with --out, or replace "
            "them with --overwrite"
        )
    epsilons = tuple(Epsilon(text) for text in dict.fromkeys(eps))
    battery = Battery.around(attack)
    data, surveys = survey_run(run, epsilons, battery, transfer_from, examples, network)
    twins: dict[int, Survey] = {}
    if transfer_from is not None:
        _, twins = survey_run(transfer_from, epsilons, battery, run, examples, network)
    console = terminal.console()
    for read in (run, transfer_from):
        if read is not None:
            tell_if_unfinished(console, read)
    console.print(_accuracies(surveys, twins, epsilons, battery))
    ours, theirs = (
        [AccuracyUnderAttack.of(s) for s in found.values()] for found in (surveys, twins)
    )
    diagnosis = diagnose(ours, epsilons, theirs)
    checks = terminal.table("check", "found", "passed")
    for check in diagnosis.checks:
        checks.add_row(check.demand, check.found, "yes" if check.passed else Text("no", "red"))
    console.print(checks)
    console.print(f"verdict: {diagnosis.masking.value} ({diagnosis.reason})", highlight=False)
    asked = ITERATED if attack.iterates else ONE_STEP
    figures = draw_curves(surveys, epsilons, battery, folder)
    figures += draw_examples(data, surveys, asked, epsilons, battery, folder)
    # The table last: a folder that has it has all.
    for path in (write_csv(results, surveys, battery), *figures):
        console.print(f"wrote: {path}", soft_wrap=True)


def _accuracies(
    surveys: dict[int, Survey],
    twins: dict[int, Survey],
    epsilons: tuple[Epsilon, ...],
    battery: Battery,
) -> Table:
    """A row an attack, the twin's below the run's."""
    interval = "over seeds" if len(surveys) > 1 else "over examples (Wilson)"
    table = terminal.table(
        "attack", "clean", *(f"eps {eps.text}" for eps in epsilons),
        title="accuracy (%)", caption=f"95 % intervals {interval}",
    )  # fmt: skip
    for owner, found in (("", surveys), ("twin: ", twins)):
        attacks = dict.fromkeys(a for s in found.values() for a, _ in s.right if a != CLEAN)
        for name in attacks:
            cells = [(CLEAN, "0"), *((name, eps.text) for eps in epsilons)]
            rights = [[s.right[cell] for s in found.values()] for cell in cells]
            table.add_row(owner + battery.called(name), *map(_cell, rights))
    return table


def _cell(right: list[np.ndarray]) -> str:
    """Mean and interval of the accuracy of one attack at one eps."""
    accuracies = [float(r.mean()) for r in right]
    mean = 100 * statistics.fmean(accuracies)
    if len(right) > 1:
        return f"{mean:.1f} ± {100 * half_width(accuracies):.1f}"
    low, high = proportion_interval(int(right[0].sum()), len(right[0]))
    return f"{mean:.1f} ({100 * low:.1f} to {100 * high:.1f})"
