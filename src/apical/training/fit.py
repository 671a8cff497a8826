"""Train a rule on a data set, for one or several seeds, and keep what happened."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optax

from apical.data import Dataset
from apical.errors import UsageError, short
from apical.networks.network import Network
from apical.rules import Rule, State
from apical.runs.precision import full_precision
from apical.settings import Settings
from apical.training.first_layer import FirstLayer
from apical.training.how import CHECKPOINT_SECONDS, How, Measured, data_of
from apical.training.listeners.spec import Listening
from apical.training.model import Model
from apical.training.task import Task
from apical.values.value import read


@dataclass(frozen=True)
class Result(Measured):
    """What `fit` leaves in memory."""

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
    listeners: Iterable[Listening] = (),
    transformation: optax.GradientTransformation | None = None,
    init_from: FirstLayer | None = None,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    devices: int | str = 1,
    shard_weights: bool = False,
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
    - `listeners`: functions that are called with each event (`apical.training.events`), listeners
      such as `apical.CSV("epochs.csv")`, or their spellings: "csv:FILE", "tensorboard:DIR",
      "wandb:PROJECT", "mlflow:EXPERIMENT". One that fails loses no epoch.
    - `transformation`: an Optax transformation in place of the optimizers that `settings` name.
    - `init_from`: what the first hidden layer begins with in place of drawn weights, as
      `apical.EncoderOf("runs/made")`.
    - `checkpoint_seconds`: save at most once in so many seconds (and whenever a seed ends).
    - `devices`: how many devices of this machine share each minibatch, or "all"; the losses are
      those of one device but for rounding. Where `jax.distributed.initialize` has joined the
      processes of several hosts, so many of each: all must call `fit` alike, and the first alone
      writes `out`.
    - `shard_weights`: the devices share large weights, with what optimizer and rule keep of them,
      and not the minibatches: for layers that do not fit one device. Where that is known
      beforehand, as on accelerators that tell their memory, it is done unasked.

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
    how = How(
        seeds, seed, together, out, resume, overwrite, listeners, checkpoint_seconds, devices,
        shard_weights,
    )  # fmt: skip
    if not isinstance(transformation, optax.GradientTransformation | None):
        raise UsageError(
            "transformation: must be an optimizer made by optax, as optax.adam(1e-3), got "
            f"{short(transformation)}; a name goes into optimizer"
        )
    if not isinstance(init_from, FirstLayer | None):
        raise UsageError(
            'init_from: must be the encoder of a run, as apical.EncoderOf("runs/made"), got '
            f"{short(init_from)}"
        )
    rule, data, chosen = asked(rule, data, settings, changes)
    task = Task(rule, data, chosen, transformation, init_from)
    outcome = how.carry_out(task)
    ended = outcome.ended
    models = {
        s: Model.of(task, carry.net, ended[s], carry.state) for s, carry in outcome.carries.items()
    }
    return Result(outcome.summary, outcome.rows, outcome.initial, models)


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
    return chosen, data, settings_of(settings, chosen.recipe, changes, "apical train RULE --help")


def settings_of(
    settings: Settings | None, usual: Settings, changes: dict[str, Any], lists: str
) -> Settings:
    """The settings, or the usual ones, with changes; `lists` says which command shows all.

    Raises `UsageError` for what is none of them, and for a change of a setting that there is not.
    """
    if not isinstance(settings, Settings | None):
        raise UsageError(
            f"settings: must be an apical.Settings, got {short(settings)}; single settings are "
            "given by their names, as in epochs=5"
        )
    return (settings or usual).changed(changes, lists)
