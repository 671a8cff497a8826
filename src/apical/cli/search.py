"""`apical search RULE`: hyper-parameters by random draws, chosen on validation."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from apical.cli.support import terminal
from apical.cli.support.console import bar, seen
from apical.cli.support.flags import DataOptions, cli, pick_rule
from apical.cli.support.workers import workers_of
from apical.rules import Rule
from apical.settings import Settings
from apical.values.arguments import flags, words
from apical.values.ranges import Space
from apical.values.spelling import spell

if TYPE_CHECKING:
    from apical.training.events import Event
    from apical.tuning import Found
    from apical.tuning.trial import Trial

PROG = "apical search"


def main(args: list[str]) -> None:
    cls, rest = pick_rule(args, PROG)
    cli(_command(cls), rest, f"{PROG} {cls.name}")


def _command(cls: type[Rule]) -> Callable[..., None]:
    """A function whose signature is the rule's own: its class, its recipe and its space."""

    def command(out, rule, settings, data, space, trials, seed, jobs, scheduler) -> None:
        """Train with random draws of hyper-parameters; keep what validates best.

        Args:
            out: Folder for search.json (what was asked for), trials.csv, best.json and
                sensitivity.png. A search that was interrupted or killed goes on there; more trials
                are added to one that ended.
            space: What to draw: pairs of a name and a range, as in `lr log:1e-4,1e-2
                inverse.sigma linear:0.01,0.3 batch_size whole:50,200
                optimizer_args.eps choice:1e-4/1e-8`. The name is a flag's, with a dot before a
                number within its value. What is drawn replaces what that flag says.
            trials: How many draws there are to be in the end.
            seed: Of the draws, the initial weights and the order of the data.
            jobs: Trials side by side, each in a process with its share of the cores; None: one
                after the other.
            scheduler: Give the trials to the workers of this dask scheduler, as
                tcp://10.0.0.1:8786 (needs apical[cluster]). OUT must be on a file system that
                workers and this command share; workers find data sets by their own $APICAL_DATA,
                and files of yours at the same path.
        """
        workers = workers_of(jobs, scheduler, out)
        _search(out, rule, settings, data, space, trials, seed, workers)

    command.__annotations__ = {
        "out": Path, "rule": cls, "settings": Settings, "data": DataOptions, "space": Space,
        "trials": int, "seed": int, "jobs": int | None, "scheduler": str | None,
    }  # fmt: skip
    command.__defaults__ = (cls(), cls.recipe, DataOptions(), cls.space, 20, 0, None, None)
    return command


def _search(out, rule, settings, data, space, trials, seed, workers) -> None:
    from apical.report.sensitivity import draw
    from apical.tuning import search
    from apical.tuning.folder import SearchData

    console = terminal.console()
    drawn = "\n".join(f"  {name} {spell(span)}" for name, span in space.items())
    heading = terminal.bold(spell(rule), f" on {data.data}, {trials} draws of:\n{drawn}")
    with ExitStack() as stack:
        face = _Face(stack, console, settings, trials, heading)
        found = search(
            rule,
            data.load() if workers is None else data.named,
            space,
            settings,
            trials=trials,
            seed=seed,
            out=out,
            report=face.trial,
            listeners=(face.event,),
            workers=workers,
        )
    if found.trials:
        figure = draw([SearchData.read(out)], out / "sensitivity.png")
        console.print(f"trials: {out / 'trials.csv'}", soft_wrap=True)
        console.print(f"figure: {figure}", soft_wrap=True)
    if found.best is not None:
        _tell(found, type(rule), data, seed, out, console)
    elif found.trials:
        console.print("Every trial diverged: lower the rates of the space.")
    if found.interrupted:
        raise KeyboardInterrupt


def _tell(
    found: "Found", cls: type[Rule], data: DataOptions, seed: int, out: Path, console: Console
) -> None:
    best = found.best
    assert best is not None
    console.print(
        f"best: trial {best.number}, validation {found.settings.target.score} "
        f"{100 * best.score:.2f} % at epoch {best.epoch}: {out / 'best.json'}",
        soft_wrap=True, highlight=False,
    )  # fmt: skip
    asked = [f"apical train {cls.name}", *flags(data, DataOptions())]
    asked += [*flags(found.rule, cls()), *flags(found.settings, cls.recipe)]
    asked += [f"--seed {seed}"] if seed else []
    console.print(" ".join(asked), soft_wrap=True, highlight=False)


class _Face:
    """Progress over the trials: a bar with the epoch of the present one, or a line a trial."""

    def __init__(
        self, stack: ExitStack, console: Console, settings: Settings, trials: int, heading: Text
    ):
        self._console, self._settings, self._trials = console, settings, trials
        self._heading: Text | None = heading
        self._progress = stack.enter_context(bar(console, "trials"))
        self._bar = self._progress.add_task("search", total=trials, note="compiling")

    @property
    def _val(self) -> str:
        return f"val {self._settings.target.score}"

    def event(self, event: "Event") -> None:
        with seen():
            self._show(event)

    def _show(self, event: "Event") -> None:
        from apical.training.events import Epoch

        self._head()  # what was asked for is accepted: the first trial starts
        if isinstance(event, Epoch) and event.number:
            score = 100 * event.metrics[self._settings.target.metric("val")]
            note = f"epoch {event.number}/{self._settings.epochs} {self._val} {score:.2f}%"
            self._progress.update(self._bar, note=note)

    def _head(self) -> None:
        if self._heading is not None:
            self._console.print(self._heading)
            self._heading = None

    def trial(self, trial: "Trial") -> None:
        self._head()
        drawn = " ".join(f"{name} {words(value)}" for name, value in trial.values.items())
        came = trial.diverged or f"{self._val} {100 * trial.score:.2f}% at epoch {trial.epoch}"
        self._progress.update(self._bar, completed=trial.number + 1, note="")
        self._console.print(
            f"{trial.number + 1}/{self._trials} trial {trial.number}, {drawn}: {came}",
            soft_wrap=True,
            highlight=False,
        )
