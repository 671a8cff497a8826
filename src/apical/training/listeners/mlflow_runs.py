"""The listener that logs to MLflow, a run there for each seed."""

import time
from dataclasses import dataclass, field
from typing import Any

from apical.training.events import Broken, Epoch, Event, Finished, Started
from apical.training.listeners.scalars import finals, scalars, texts
from apical.training.listeners.spec import ListenerSpec, needs

STATUS = {"finished": "FINISHED", "interrupted": "KILLED", "diverged": "FAILED"}
LONGEST = 500
"""Letters of a parameter, so many as every version takes."""


class MLflow(ListenerSpec):
    """MLflow: `mlflow:EXPERIMENT`, each seed a run there.

    Its tags are `apical.run` and `apical.seed`. Where runs are kept is told by MLFLOW_TRACKING_URI,
    as the library has it. A run that is resumed goes on in the same runs there.
    """

    name = "mlflow"
    experiment: str = "apical"

    def create(self, out):
        needs("mlflow", "mlflow")
        return Runs(self.experiment)


@dataclass
class _Run:
    """A run there, and the steps that it has of each metric."""

    id: str
    steps: dict[str, set[int]] = field(default_factory=dict)


class Runs:
    """The runs of one of ours, by seed; steps are epochs."""

    def __init__(self, experiment: str):
        self._experiment = experiment
        self._runs: dict[int, _Run] = {}
        self._started: Started | None = None
        self._client: Any = None

    def __call__(self, event: Event) -> None:
        match event:
            case Started():
                from mlflow.tracking import MlflowClient

                self._started, self._runs = event, {}
                self._client = MlflowClient()
                self._of(event.config["seed"])  # refused now, if it is, and not after an epoch
                for row in event.rows:
                    self._log(row["seed"], row["epoch"], scalars(row))
            case Epoch():
                self._log(event.seed, event.number, scalars(event.metrics))
            case Finished(summary):
                ended = dict(zip(summary["seeds"], summary["epochs"], strict=True))
                for seed, numbers in finals(summary).items():
                    self._log(seed, ended[seed], numbers)
                self._end(STATUS[summary["status"]])
            case Broken():
                self._end("FAILED")

    def _end(self, status: str) -> None:
        for run in self._runs.values():
            self._client.set_terminated(run.id, status)

    def _log(self, seed: int, epoch: int, numbers: dict[str, float]) -> None:
        from mlflow.entities import Metric

        run, now = self._of(seed), int(1000 * time.time())
        new = {k: v for k, v in numbers.items() if epoch not in run.steps.get(k, ())}
        self._client.log_batch(run.id, metrics=[Metric(k, v, now, epoch) for k, v in new.items()])
        for name in new:
            run.steps.setdefault(name, set()).add(epoch)

    def _of(self, seed: int) -> _Run:
        if seed not in self._runs:
            self._runs[seed] = self._found(seed) or self._made(seed)
        return self._runs[seed]

    def _tags(self, seed: int) -> dict[str, str]:
        assert self._started is not None
        return {"apical.run": self._started.run, "apical.seed": str(seed)}

    def _place(self) -> str:
        """The experiment's number there."""
        found = self._client.get_experiment_by_name(self._experiment)
        if found is not None:
            return found.experiment_id
        return self._client.create_experiment(self._experiment)

    def _found(self, seed: int) -> _Run | None:
        """What an earlier session of the run has begun."""
        tags = self._tags(seed)
        asked = " and ".join(f"tags.`{name}` = '{value}'" for name, value in tags.items())
        for found in self._client.search_runs([self._place()], asked, max_results=1):
            run = _Run(found.info.run_id)
            for name in found.data.metrics:
                history = self._client.get_metric_history(run.id, name)
                run.steps[name] = {metric.step for metric in history}
            self._client.update_run(run.id, status="RUNNING")
            return run
        return None

    def _made(self, seed: int) -> _Run:
        from mlflow.entities import Param

        assert self._started is not None
        about, config = self._started.about, self._started.config | {"seed": seed}
        name = f"{about['spelled']} on {about['data']}, seed {seed}"
        tags = self._tags(seed)
        made = self._client.create_run(self._place(), tags=tags, run_name=name)
        told = {k: v for k, v in texts(config).items() if v}
        params = [Param(name, value[:LONGEST]) for name, value in told.items()]
        self._client.log_batch(made.info.run_id, params=params)
        return _Run(made.info.run_id)
