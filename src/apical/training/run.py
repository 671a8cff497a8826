"""Every seed of a run: trained, told to listeners, and summarised."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from apical.errors import DivergenceError
from apical.runs.best import in_order
from apical.runs.summary import summarise
from apical.training.events import Event, Finished, Listener, Started
from apical.training.learner import Carry
from apical.training.recording import Recording
from apical.training.trainer import Trainer


@dataclass(frozen=True)
class Outcome:
    """What the seeds of a run came to."""

    summary: dict[str, Any]
    rows: list[dict[str, Any]]
    """One a seed and epoch."""
    initial: list[dict[str, Any]]
    """One a seed, before the first step."""
    carries: dict[int, Carry]
    """By seed, after the last epoch."""


def run(
    trainer: Trainer,
    config: dict[str, Any],
    seeds: range,
    recorder: Recording,
    listeners: Iterable[Listener] = (),
) -> Outcome:
    """Train every seed, going on from what the recorder has of it.

    Raises `DivergenceError` after the last good epoch was saved. Ctrl-C ends the run early, with
    status "interrupted".
    """
    audience: list[Listener] = [recorder, *listeners]

    def tell(event: Event) -> None:
        for listener in audience:
            listener(event)

    rows, initial = recorder.recover(seeds)
    last: dict[int, Carry] = {}
    status, trouble = "finished", None
    tell(Started(config, len(rows)))
    try:
        for seed in seeds:
            carry, done = recorder.resume(seed, trainer.begin(seed))
            if done:
                last[seed] = jax.tree.map(np.array, carry)
            for epoch in trainer.train(seed, carry, done):
                if epoch.number:
                    last[seed] = epoch.carry
                (rows if epoch.number else initial).append(epoch.row)
                tell(epoch)
            recorder.flush()
    except KeyboardInterrupt:
        status = "interrupted"
    except DivergenceError as error:
        status, trouble = "diverged", error
    recorder.flush()
    rows.sort(key=in_order)
    learner = trainer.learner
    finals = {s: trainer.measure(learner.parameters(carry)) for s, carry in last.items()}
    about = {**learner.about, "data": config["data"]["name"]}
    summary = summarise(about, status, finals, rows, learner.metric)
    tell(Finished(summary))
    if trouble is not None:
        raise trouble
    return Outcome(summary, rows, initial, last)
