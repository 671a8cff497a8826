"""The listener that logs to Weights & Biases, a run there for each seed."""

from typing import Any

from apical.training.events import Broken, Epoch, Event, Finished, Started
from apical.training.listeners.scalars import finals, scalars
from apical.training.listeners.spec import ListenerSpec, needs


class WandB(ListenerSpec):
    """Weights & Biases: `wandb:PROJECT`, each seed a run there, those of one run a group.

    Everything else is told by the library's own variables, as WANDB_MODE=offline, WANDB_DIR and
    WANDB_ENTITY. A run that is resumed goes on in the same runs there. Offline nobody knows what
    they have, so that each session leaves the whole: upload the last (`wandb sync`).
    """

    name = "wandb"
    project: str = "apical"

    def create(self, out):
        needs("wandb", "wandb")
        return Runs(self.project)


class Runs:
    """The runs of one of ours, by seed; steps are epochs, of which the library takes each once."""

    def __init__(self, project: str):
        self._project = project
        self._runs: dict[int, Any] = {}
        self._started: Started | None = None

    def __call__(self, event: Event) -> None:
        match event:
            case Started():
                self._started, self._runs = event, {}
                self._of(event.config["seed"])  # refused now, if it is, and not after an epoch
                for row in event.rows:
                    self._log(row)
            case Epoch():
                self._log(event.row)
            case Finished(summary):
                for seed, numbers in finals(summary).items():
                    self._of(seed).summary.update(numbers)
                self._end(failed=summary["status"] != "finished")
            case Broken():
                self._end(failed=True)

    def _end(self, failed: bool) -> None:
        for run in self._runs.values():
            run.finish(exit_code=int(failed))

    def _log(self, row: dict[str, Any]) -> None:
        run = self._of(row["seed"])
        if row["epoch"] >= run.step:  # or it is there already
            run.log(scalars(row), step=row["epoch"], commit=True)

    def _of(self, seed: int) -> Any:
        if seed not in self._runs:
            import wandb

            assert self._started is not None
            about, run = self._started.about, self._started.run
            self._runs[seed] = wandb.init(
                project=self._project,
                id=f"{run}-{seed}",
                name=f"{about['spelled']} on {about['data']}, seed {seed}",
                group=run,
                config=self._started.config | {"seed": seed},
                resume="allow",
                reinit="create_new",  # those of other seeds, and of the caller's, stay open
                settings=wandb.Settings(console="off", silent=True),
            )
        return self._runs[seed]
