"""Train a rule on a data set, for one or several seeds, and keep what happened."""

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import optax

from apical.data import Dataset
from apical.errors import UsageError, short
from apical.networks.network import Network
from apical.rules import Rule, State
from apical.runs.precision import full_precision
from apical.settings import Settings
from apical.training.events import Listener
from apical.training.how import CHECKPOINT_SECONDS, How, configuration, data_of
from apical.training.memory import refuse_giants
from apical.training.model import Model
from apical.training.recording import recording
from apical.training.run import Session, run_all
from apical.training.task import Task
from apical.values.spelling import encode
from apical.values.value import read


@dataclass(frozen=True)
class Result:
    """What `fit` leaves in memory."""

    summary: dict[str, Any]
    """As in summary.json: status, seeds, scores as mean, std and list, seconds."""
    metrics: list[dict[str, Any]]
    """One row a seed and epoch, as in metrics.jsonl."""
    initial: list[dict[str, Any]]
    """The same before the first step, as in initial.jsonl."""
    models: dict[int, Model]
    """What was trained, by seed: it takes raw examples."""

    @property
    def networks(self) -> list[Network]:
        """The trained network of each seed; it takes preprocessed examples."""
        return [model.network for model in self.models.values()]

    @property
    def states(self) -> list[State]:
        """What the rule owned at the end, for each seed."""
        return [m.state for m in self.models.values() if m.state is not None]

    @property
    def test_accuracy(self) -> float:
        """Mean over the seeds, after the last epoch.

        Raises `UsageError` for networks that were trained towards anything but labels.
        """
        if "test_accuracy" not in self.summary:
            known = ", ".join(key for key in self.summary if key.startswith("test_")) or "nothing"
            raise UsageError(
                f"test_accuracy: these networks have none, the summary has {known} of the test set"
            )
        return self.summary["test_accuracy"]["mean"]


@full_precision()
def fit(
    rule: Rule | type[Rule] | str,
    data: Dataset | str,
    settings: Settings | None = None,
    *,
    seeds: int = 1,
    seed: int = 0,
    together: bool = False,
    out: Path | str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    listeners: Iterable[Listener] = (),
    transformation: optax.GradientTransformation | None = None,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    **changes: Any,
) -> Result:
    """Train `rule` on `data`.

    **Arguments:**

    - `rule`: a rule, or the text that spells it, as in "fa:frsf".
    - `data`: a data set, or the name of one that `apical.load` knows.
    - `settings`: of the network, the optimizers and the loop; None: the rule's recipe.
    - `changes`: fields of `Settings` that are to be otherwise, as in `epochs=5, lr=1e-2`.
    - `seeds`, `seed`: train `seeds` networks, from seeds `seed`, `seed + 1`, ... A seed fixes the
      initial weights and the order of the data, whatever the rule.
    - `together`: train all seeds as one program, with the same numbers to rounding. On an
      accelerator small networks wait for launches, which are shared then; on CPUs it may be slower.
    - `out`: the run's folder; None keeps everything in memory. With `resume` an unfinished run
      goes on, bit for bit as if it had not been interrupted; with `overwrite` it is replaced.
    - `listeners`: called with each `Started`, `Epoch` and `Finished`.
    - `transformation`: an Optax transformation in place of the optimizers that `settings` name.
    - `checkpoint_seconds`: save at most once in so many seconds (and whenever a seed ends).

    On accelerators matrix products are of full float32 (`apical.runs.precision`).

    **Raises:** `UsageError` for settings that do not go together and for an `out` that is in
    use; `DivergenceError` if training meets values that are not finite, after saving the last
    good checkpoint; `WriteError` if `out` cannot be written to, as on a full disk: with `resume`
    the run goes on from its last checkpoint. Ctrl-C ends the run early, with status "interrupted".

    !!! example

        >>> import apical
        >>> result = apical.fit(apical.FA(), apical.load("digits"), hidden=(32,), epochs=2)
        >>> len(result.metrics)
        2
    """
    how = How(seeds, seed, together, out, resume, overwrite, listeners, checkpoint_seconds)
    if not isinstance(transformation, optax.GradientTransformation | None):
        raise UsageError(
            "transformation: must be an optimizer made by optax, as optax.adam(1e-3), got "
            f"{short(transformation)}; a name goes into optimizer"
        )
    rule, data, chosen = asked(rule, data, settings, changes)
    task = Task(rule, data, chosen, transformation)
    config = _configuration(task, how.numbers, how.program)
    # What cannot be built is refused before a folder is made for it.
    shapes = jax.eval_shape(lambda: task.begin(how.seed))
    refuse_giants(shapes, task.learner, len(how.program) or 1)
    outcome = how.carry_out(task.trainer, config)
    ended = dict(zip(outcome.summary["seeds"], outcome.summary["epochs"], strict=True))
    models = {
        s: Model.of(task, carry.net, ended[s], carry.state) for s, carry in outcome.carries.items()
    }
    return Result(outcome.summary, outcome.rows, outcome.initial, models)


@full_precision()
def fit_apart(
    rule: Rule,
    data: Dataset,
    settings: Settings,
    folders: Mapping[int, Path],
    *,
    listeners: Iterable[Listener] = (),
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    until: float = math.inf,
) -> dict[int, dict[str, Any]]:
    """Train seeds together, as one program, each as a run with a folder of its own.

    Goes on with what the folders hold, if it was the same seeds that were together. What could not
    end by `until`, a time of `time.monotonic`, is interrupted before. Returns each seed's summary;
    raises as `fit`.
    """
    task, numbers = Task(rule, data, settings), list(folders)
    program = numbers if len(numbers) > 1 else []
    refuse_giants(jax.eval_shape(lambda: task.begin(numbers[0])), task.learner, len(numbers))
    with ExitStack() as stack:
        sessions = []
        for seed, folder in folders.items():
            config = _configuration(task, [seed], program)
            held = recording(
                folder, config, task.learner,
                resume=True, overwrite=False, every=checkpoint_seconds,
            )  # fmt: skip
            recorder = stack.enter_context(held)
            sessions.append(Session(task.trainer, config, [seed], recorder, listeners))
        outcomes = run_all(task.trainer, sessions, [numbers], until)
    return {s: outcome.summary for s, outcome in zip(numbers, outcomes, strict=True)}


def _configuration(task: Task, seeds: Sequence[int], together: Sequence[int]) -> dict[str, Any]:
    learned = {
        "rule": encode(task.rule),
        "transformation": None if task.transformation is None else "given in Python",
    }
    return configuration(learned, task.data, task.settings, seeds, together)


def asked(
    rule: Rule | type[Rule] | str,
    data: Dataset | str,
    settings: Settings | None,
    changes: dict[str, Any],
) -> tuple[Rule, Dataset, Settings]:
    """A rule, a data set and settings as `fit` takes them; without settings the rule's recipe.

    Raises `UsageError` for what is none of them, and for a change of a setting that there is not.
    """
    chosen: Rule = read(Rule, rule, "rule")
    data = data_of(data)
    if not isinstance(settings, Settings | None):
        raise UsageError(
            f"settings: must be an apical.Settings, got {short(settings)}; single settings are "
            "given by their names, as in epochs=5"
        )
    base = settings or chosen.recipe
    return chosen, data, base.changed(changes, "apical train RULE --help")
