"""`apical generate`: train a generative model, and see what it samples, completes and is worth."""

import json
from collections.abc import Callable, Sequence
from operator import itemgetter
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any

import tyro

from apical.cli.support import terminal
from apical.cli.support.flags import DataOptions, RunOptions, cli
from apical.cli.support.hosts import HostOptions, joined
from apical.errors import UsageError, at_least_one, fit_for_a_seed, unknown
from apical.generative import IteratedTargetProp, LatentModel
from apical.generative.masks import Left, Missing
from apical.settings import Unsupervised
from apical.training.selection import Last, Selection
from apical.values.value import concrete

PROG = "apical generate"
CONVENTION = 10_000
"""Samples of a Parzen window, by the convention of the field."""


def main(args: list[str]) -> None:
    commands: dict[str, Callable[..., None]] = {
        "train": training(IteratedTargetProp),
        "sample": sample,
        "inpaint": inpaint,
        "evaluate": evaluate,
    }
    told = {name: (command.__doc__ or "").splitlines()[0] for name, command in commands.items()}
    name, rest = terminal.pick(args, told, "command", PROG)
    if name not in commands:
        raise UsageError(unknown("command", name, commands))
    prog = f"{PROG} {name}"
    # `train` takes the name of a model, as `apical train` that of a rule, or goes without.
    if name == "train" and rest and not rest[0].startswith("-"):
        models = concrete(LatentModel)
        if rest[0] not in models:
            raise UsageError(unknown("model", rest[0], models))
        commands["train"], prog = training(models[rest[0]]), f"{prog} {rest[0]}"
        rest = rest[1:]
    cli(commands[name], rest, prog)


def training(cls: type[Any]) -> Callable[..., None]:
    """A function whose signature is the model's own: its class and its recipe."""

    def command(model, settings, data, running, hosts) -> None:
        from functools import partial

        with joined(hosts) as first:
            from apical.cli.support.console import follow
            from apical.generative.fit import fit
            from apical.generative.learner import LOG_JOINT

            train, console = partial(fit, model, data.load(), settings), terminal.console(not first)
            follow(train, model, settings, LOG_JOINT, running, console)

    names = ", ".join(concrete(LatentModel))
    command.__doc__ = (
        f"Train a generative model; labels are not read.\n\nThis one is {cls.name}. A first word "
        f"names another: {names}."
    )
    command.__annotations__ = {
        "model": cls, "settings": Unsupervised, "data": DataOptions, "running": RunOptions,
        "hosts": HostOptions,
    }  # fmt: skip
    command.__defaults__ = (cls(), cls().recipe, DataOptions(), RunOptions(), HostOptions())
    return command


def sample(
    run: Annotated[Path, tyro.conf.Positional],
    count: int = 100,
    rounds: int = 3,
    alpha: float = 0.3,
    variance_factor: float = 4.0,
    draw: int = 0,
    seed: int | None = None,
    network: Selection = Last(),
    across: int = 10,
    out: Path = Path("samples.png"),
) -> None:
    """Draw samples of a trained model.

    Args:
        run: Folder of a run, as given to --out of `apical generate train`.
        count: How many samples.
        rounds: How often the latent units are inferred from a sample and it is decoded again.
            Without rounds, samples are decoded from the prior straight away.
        alpha: Size of a step towards what the layer above says, within the rounds.
        variance_factor: The variances of the prior, fitted to the training set, times this.
        draw: Another number gives other samples.
        seed: Which training seed's model; None: the first.
        network: After which epoch: the last one saved, or the best on validation.
        across: How many images stand side by side.
        out: A grid of images (.png), or numbers (.npy), 0 for black and 1 for white.
    """
    from apical.report.grids import save_examples

    fit_for_a_seed(draw=draw)
    model = _model(run, seed, network)
    drawn = model.sample(
        count, seed=draw, rounds=rounds, alpha=alpha, variance_factor=variance_factor
    )
    shown = model.data.without_labels(drawn)
    print(f"samples: {save_examples(shown, out, across)}")


def inpaint(
    run: Annotated[Path, tyro.conf.Positional],
    missing: Missing = Left(),
    count: int = 10,
    rounds: int = 20,
    alpha: float | None = None,
    draw: int = 0,
    seed: int | None = None,
    network: Selection = Last(),
    out: Path = Path("inpainted.png"),
) -> None:
    """Fill in what is missing of test images.

    The file shows the test images in the first row, what is known of them, on noise, in the second,
    and what the model made of that in the third. Labels that stand beside the images, as in the
    data mnist+labels, are known.

    Args:
        run: Folder of a run, as given to --out of `apical generate train`.
        missing: What is missing: a half, all, a part scattered at random, or what is black in an
            image file, as in drawn:mask.png.
        count: How many test images, from the first.
        rounds: How often the latent units are inferred and the missing part is decoded from them.
        alpha: Size of a step towards what the layer above says; None: as in training.
        draw: Another number gives other noise to start from.
        seed: Which training seed's model; None: the first.
        network: After which epoch: the last one saved, or the best on validation.
        out: A grid of images (.png), or numbers (.npy), 0 for black and 1 for white.
    """
    import numpy as np

    from apical.report.grids import save_examples

    at_least_one(count=count)
    fit_for_a_seed(draw=draw)
    model = _model(run, seed, network)
    raw = model.data.test.x[:count]
    known = missing.known(model.data.shape_without_labels, draw)
    if model.data.features:
        known = np.append(known, np.ones(model.data.n_classes, bool))
    whole = model.rows(raw).reshape(raw.shape)
    # Without a round, the missing part is the noise that it starts from.
    made = [model.inpaint(raw, known, seed=draw, rounds=n, alpha=alpha) for n in (0, rounds)]
    rows = model.data.without_labels(np.concatenate([whole, *made]))
    print(f"inpainted: {save_examples(rows, out, across=len(raw))}")


def evaluate(
    run: Annotated[Path, tyro.conf.Positional],
    samples: int | None = None,
    rounds: int = 3,
    alpha: float = 0.3,
    variance_factor: float = 4.0,
    classifier: Path | None = None,
    draw: int = 0,
    network: Selection = Last(),
    out: Path | None = None,
) -> None:
    """Measure samples beside real images, and beside a Gaussian fitted to them.

    The Gaussian has the mean of the training images and their first 100 principal components.

    Parzen LL is the mean log-likelihood of the test set under a Gaussian window around every
    sample, whose width is chosen on validation; its standard error is over test examples. It
    forgives blur; give a classifier to see more.

    Args:
        run: Folder of a run, as given to --out of `apical generate train`.
        samples: How many samples of each; None: 10000, or as many as there are training images,
            which are measured in their place.
        rounds: As for `apical generate sample`; samples without rounds are measured too.
        alpha: As for `apical generate sample`.
        variance_factor: As for `apical generate sample`.
        classifier: Folder of a run of `apical train` on the same data, towards labels. In the
            features of its last hidden layer, precision, recall, density, coverage and a Fréchet
            distance are measured, and with its outputs confidence and classes.
        draw: Another number gives other samples.
        network: After which epoch: the last one saved, or the best on validation.
        out: A JSON file with all that was measured; None: none.
    """
    from apical.cli.support.console import tell_if_unfinished
    from apical.generative.judge import Judge
    from apical.generative.references import drawn_again, gaussian
    from apical.generative.reload import reload
    from apical.runs.writing import write_whole
    from apical.training.reload import reload_classifiers

    at_least_one(samples=samples)
    fit_for_a_seed(draw=draw)
    task, models = reload(run, network=network)
    console = terminal.console()
    tell_if_unfinished(console, run)
    judging = None
    if classifier is not None:
        _, classifiers = reload_classifiers(classifier, Last())
        judging = classifiers[min(classifiers)]
    judge = Judge(task, judging)
    if samples is None:
        samples = min(CONVENTION, len(judge.train))
        if samples < CONVENTION:
            console.print(
                f"samples: {samples} of each, as many as there are training images; the convention "
                f"is {CONVENTION}"
            )
    found: dict[str, list[dict[str, Any]]] = {
        "training images": [judge.measure(drawn_again(judge.train, samples, draw))],
        "Gaussian": [judge.measure(gaussian(judge.train, samples, draw, within=judge.within))],
    }
    for times in dict.fromkeys((0, rounds)):
        label = f"model, {times} rounds" if times else "model, no rounds"
        found[label] = [
            judge.measure(
                model.sample(
                    samples, seed=draw, rounds=times, alpha=alpha, variance_factor=variance_factor
                )
            )
            for model in models.values()
        ]
    console.print(_joint(task, models))
    console.print(_measured(found, f"{samples} samples of {run}"))
    if out is not None:
        text = json.dumps({"run": str(run), "seeds": [*models], "samples": samples, **found})
        write_whole(out, text + "\n")
        console.print(f"measured: {out}", soft_wrap=True)


def _model(run: Path, seed: int | None, network: Selection):
    """The model of a seed of a run, by default of the first."""
    from apical.cli.support.console import tell_if_unfinished
    from apical.generative.reload import reload

    _, models = reload(run, network=network)
    if seed is not None and seed not in models:
        raise UsageError(f"seed: {run} has the seeds {sorted(models)}, not {seed}")
    tell_if_unfinished(terminal.console(), run)
    return models[min(models) if seed is None else seed]


def _joint(task, models):
    """log p(x, h) and the reconstruction error of every seed and split."""
    table = terminal.table("seed", "epoch", "split", "log joint", "reconstruction error")
    table.title = "after inference, as in training"
    for seed, model in models.items():
        measured = task.trainer.measure(model.stack)
        for split in ("train", "val", "test"):
            joint, error = (measured[f"{split}_{m}"] for m in ("log_joint", "reconstruction"))
            table.add_row(str(seed), str(model.epoch), split, f"{joint:.3f}", f"{error:.5f}")
    return table


ROWS: dict[str, tuple[int, Callable[[dict[str, Any]], float]]] = {
    "confidence": (3, itemgetter("confidence")),
    "rarest class": (3, lambda one: min(one["classes"])),
    "Fréchet distance": (2, itemgetter("frechet")),
    "precision": (3, itemgetter("precision")),
    "recall": (3, itemgetter("recall")),
    "density": (3, itemgetter("density")),
    "coverage": (3, itemgetter("coverage")),
}
"""What a classifier tells: the digits that are shown after the point, and where it is kept."""


def _measured(found: dict[str, list[dict[str, Any]]], title: str):
    """A column for each thing that was measured, with means over seeds."""
    table = terminal.table("measure", *found)
    table.title = title
    table.caption = "± 95 % t interval over training seeds where there are several"
    windows = {what: [one["parzen"] for one in each] for what, each in found.items()}
    table.add_row(
        "Parzen LL",
        *(_interval([w["mean"] for w in each], 1) for each in windows.values()),
    )
    table.add_row(
        "its standard error",
        *(_interval([w["standard_error"] for w in each], 1) for each in windows.values()),
    )
    table.add_row(
        "Parzen sigma",
        *(", ".join(f"{s:.3g}" for s in {w["sigma"]: 0 for w in e}) for e in windows.values()),
    )
    for name, (digits, read) in ROWS.items():
        if "classes" in next(iter(found.values()))[0]:
            cells = ([read(one) for one in each] for each in found.values())
            table.add_row(name, *(_interval(values, digits) for values in cells))
    return table


def _interval(values: Sequence[float], digits: int) -> str:
    from apical.runs.statistics import half_width

    spread = f" ± {half_width(values):.{digits}f}" if len(values) > 1 else ""
    return f"{fmean(values):.{digits}f}{spread}"
