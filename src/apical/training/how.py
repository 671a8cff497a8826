"""How a run is carried out, whatever learns: its seeds, its folder, who listens."""

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from apical.data import Dataset, load
from apical.errors import UsageError, a_list, at_least_one, short
from apical.runs.inputs import Inputs
from apical.runs.precision import asked, full_precision
from apical.training.devices import Devices
from apical.training.events import Listener
from apical.training.hosts import agree
from apical.training.listeners.spec import ListenerSpec, Listening, listener_of
from apical.training.recording import Recording, recording
from apical.training.run import Outcome, Session, run, run_all
from apical.training.task import Training
from apical.training.trainer import Trainer
from apical.values.spelling import spell
from apical.values.value import read

CHECKPOINT_SECONDS = 5.0


@dataclass(frozen=True)
class Measured:
    """What a run measured, as its folder has it."""

    summary: dict[str, Any]
    """As in summary.json: status, seeds, scores as mean, std and list, seconds."""
    metrics: list[dict[str, Any]]
    """One row a seed and epoch, as in metrics.jsonl."""
    initial: list[dict[str, Any]]
    """The same before the first step, as in initial.jsonl."""


@dataclass(frozen=True)
class How:
    """What `fit` takes besides what learns, data and settings; it says there what each means.

    Raises `UsageError` for what is of another type or out of bounds.
    """

    seeds: int = 1
    seed: int = 0
    together: bool = False
    out: Path | str | None = None
    resume: bool = False
    overwrite: bool = False
    listeners: Iterable[Listening] = ()
    checkpoint_seconds: float = CHECKPOINT_SECONDS
    devices: int | str = 1
    shard_weights: bool = False

    def __post_init__(self):
        hints = {
            "seeds": int, "seed": int, "together": bool, "resume": bool, "overwrite": bool,
            "checkpoint_seconds": float, "shard_weights": bool,
        }  # fmt: skip
        for name, hint in hints.items():
            object.__setattr__(self, name, read(hint, getattr(self, name), name))
        object.__setattr__(self, "out", folder_of(self.out))
        at_least_one(seeds=self.seeds)
        if not 0 <= self.seed < 2**31 - self.seeds:
            raise UsageError(f"seed: must be between 0 and 2^31 - seeds, got {self.seed}")
        if self.shard_weights and self.program:
            raise UsageError("shard_weights, together: they exclude each other; give one")
        if not self.checkpoint_seconds >= 0:
            raise UsageError(
                f"checkpoint_seconds: must be 0 or more, got {self.checkpoint_seconds}"
            )
        a_list(listeners=self.listeners)

    def _listening(self) -> list[Listener]:
        assert isinstance(self.out, Path | None)
        spelled = [each for each in self.listeners if isinstance(each, str | ListenerSpec)]
        for each in spelled:
            if spelled.count(each) > 1:
                told = each if isinstance(each, str) else spell(each)
                raise UsageError(f"listeners: {told} is given twice; leave one out")
        return [listener_of(each, i, self.out) for i, each in enumerate(self.listeners)]

    @property
    def numbers(self) -> range:
        """The seeds."""
        return range(self.seed, self.seed + self.seeds)

    @property
    def program(self) -> Sequence[int]:
        """The seeds that train as one program, if any do."""
        return self.numbers if self.together and self.seeds > 1 else range(0)

    def carry_out(self, training: Training) -> Outcome:
        """Train, and record it. Raises as `fit`."""
        audience = self._listening()  # or a folder would be taken up before one of them is refused
        with asked(training.settings.matmul_precision):
            trainer, config = self._prepared(training)
            agree(config)
            with self._recorder(training, trainer, config) as recorder:
                return run(
                    trainer, config, self.numbers, recorder, audience, together=self.together
                )

    def make_ready(self, training: Training) -> None:
        """Refuse, clear or take up what the folder holds, as `carry_out` begins; train nothing.

        What is to be trained goes on then, wherever that is, as a run to `resume`.
        """
        with (
            asked(training.settings.matmul_precision),
            self._recorder(training, *self._prepared(training)),
        ):
            pass

    def _prepared(self, training: Training) -> tuple[Trainer, dict[str, Any]]:
        devices = Devices.of(self.devices)
        if self.shard_weights:
            devices = devices.of_weights()
        trainer = replace(training.trainer, devices=devices)
        devices.check(training.settings.batch_size, trainer.learner.about["spelled"])
        trainer = self._fitting(training, trainer)
        return trainer, configuration(training, self.numbers, self.program, trainer.devices)

    def _fitting(self, training: Training, trainer: Trainer) -> Trainer:
        """The trainer, whose devices hold large weights in parts where they must.

        Raises `UsageError` for what needs more memory than is free all the same.
        """
        check = partial(training.refuse_giants, seeds=self.seeds, at_once=len(self.program) or 1)
        devices = trainer.devices
        try:
            check(trainer)
        except UsageError:
            if devices.alone or devices.cut_weights or devices.hosts > 1 or self.program:
                raise
            trainer = replace(trainer, devices=devices.of_weights())
            check(trainer)
        return trainer

    def _recorder(
        self, training: Training, trainer: Trainer, config: dict[str, Any]
    ) -> AbstractContextManager[Recording]:
        return recording(
            self.out,
            config,
            trainer.learner,
            inputs_of(training),
            resume=self.resume,
            overwrite=self.overwrite,
            every=self.checkpoint_seconds,
        )


@full_precision()
def fit_apart(
    training: Training,
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
    trainer, numbers = training.trainer, list(folders)
    program = numbers if len(numbers) > 1 else []
    with ExitStack() as stack:
        stack.enter_context(asked(training.settings.matmul_precision))
        training.refuse_giants(trainer, len(numbers), len(numbers))
        sessions = []
        for seed, folder in folders.items():
            config = configuration(training, [seed], program)
            held = recording(
                folder, config, trainer.learner, inputs_of(training),
                resume=True, overwrite=False, every=checkpoint_seconds,
            )  # fmt: skip
            recorder = stack.enter_context(held)
            sessions.append(Session(trainer, config, [seed], recorder, listeners))
        outcomes = run_all(trainer, sessions, [numbers], until)
    return {s: outcome.summary for s, outcome in zip(numbers, outcomes, strict=True)}


def inputs_of(training: Training) -> Inputs:
    """What is learned reads."""
    transform, _ = training.trainer.splits["test"]
    data = training.data
    return Inputs(data.shape, transform, data.labels, data.columns)


def configuration(
    training: Training,
    seeds: Sequence[int],
    together: Sequence[int],
    devices: Devices = Devices(),
) -> dict[str, Any]:
    """config.json of a run; `together` are the seeds that train as one program, if any do."""
    return devices.told | {
        **training.learned(seeds),
        "data": identity(training.data),
        "settings": training.settings.to_json(),
        "seed": seeds[0],
        "seeds": len(seeds),
        "together": list(together),
    }


def folder_of(out: Path | str | None) -> Path | None:
    """The folder that `out` names. Raises `UsageError` if it is no path."""
    if not isinstance(out, str | Path | None):
        raise UsageError(f"out: must be the path of a folder, got {short(out)}")
    return None if out is None else Path(out)


def data_of(data: Dataset | str) -> Dataset:
    """A data set, or that of a name. Raises `UsageError` for anything else."""
    if isinstance(data, str | os.PathLike):
        return load(data)
    if not isinstance(data, Dataset):
        raise UsageError(
            f"data: must be a data set or the name of one, got {short(data)}; make one of arrays "
            "by apical.from_arrays(x, y)"
        )
    return data


def identity(data: Dataset) -> dict[str, Any]:
    """What tells a data set from another in a configuration; JSON-ready."""
    told = {"name": data.name, "classes": list(data.classes), "digest": _digest(data)}
    return told | ({"left_out": list(data.left_out)} if data.left_out else {})


def _digest(data: Dataset) -> str:
    """Tells apart data sets of the same name in a resumed run."""
    crc = 0
    for split in data.splits:
        crc = split.checksum(crc)
    return f"{crc:08x}"
