"""What listeners are told, what becomes of those that fail, and what trackers keep of a run."""

import csv
import itertools
import json
import os
import sqlite3
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import apical
from apical import BP, CSV, FA, ListenerSpec, TensorBoard, UsageError, WriteError, fit
from apical.runs.folder import RunFolder
from apical.training.events import Epoch, Finished, Started
from apical.training.listeners.scalars import scalars
from tests.commands import apical as command
from tests.training.small import SMALL, bits, timeless

EVERY: dict[str, Any] = {**SMALL, "seeds": 2, "checkpoint_seconds": 0}


class Killed(BaseException):
    """As SIGKILL, nothing is told or saved after it."""


def killing(seed: int, epoch: int):
    def listen(event):
        if isinstance(event, Epoch) and (event.seed, event.number) == (seed, epoch):
            raise Killed

    return listen


def killed_and_resumed(data, out: Path, listen: str, **others) -> list[dict[str, Any]]:
    """Rows of a run whose second seed was killed after epoch 2, whose checkpoint was lost, and that
    was resumed."""
    others = EVERY | others
    with pytest.raises(Killed):
        fit(FA(), data, out=out, listeners=[listen, killing(1, 2)], **others)
    (out / "checkpoints" / "seed-1" / "2.npz").unlink()
    fit(FA(), data, out=out, resume=True, listeners=[listen], **others)
    run = RunFolder(out)
    rows = [*run.rows("initial.jsonl"), *run.rows("metrics.jsonl")]
    assert len(rows) == 8
    return rows


def test_what_is_told_and_in_which_order(blobs, tmp_path):
    events: list[Any] = []

    def listen(event):
        events.append(event)
        if isinstance(event, Epoch) and event.number:  # it is recorded already
            assert RunFolder(tmp_path / "run").rows("metrics.jsonl")[-1]["epoch"] == event.number

    fit(FA(), blobs, out=tmp_path / "run", listeners=[listen], **EVERY)
    started, *epochs, one, other, finished = events
    assert [(e.seed, e.done, e.of) for e in (one, other)] == [(0, 0, 2), (1, 1, 2)]
    assert [(e.seed, e.number) for e in epochs] == [(s, e) for s in (0, 1) for e in range(4)]
    assert started.config["rule"]["type"] == "FA"
    assert (started.done, started.rows) == (0, [])
    assert started.about == {"rule": "fa", "spelled": "fa", "data": "blobs"}
    assert isinstance(finished, Finished)
    assert finished.summary["status"] == "finished"


def test_a_resumed_run_has_its_name_and_the_rows_that_count(blobs, tmp_path):
    heard: list[Any] = []
    out = tmp_path / "run"
    with pytest.raises(Killed):
        fit(FA(), blobs, out=out, listeners=[heard.append, killing(1, 2)], **EVERY)
    (out / "checkpoints" / "seed-1" / "2.npz").unlink()
    first, told = heard[0].run, len(heard)
    moved = out.rename(tmp_path / "moved")
    fit(FA(), blobs, out=moved, resume=True, listeners=[heard.append], **EVERY)
    again = heard[told]
    assert isinstance(again, Started)
    assert again.run == first
    assert [(r["seed"], r["epoch"]) for r in again.rows] == [(0, e) for e in range(4)] + [
        (1, 0),
        (1, 1),
    ]
    assert again.done == 4
    fit(FA(), blobs, listeners=[heard.append], **SMALL)
    assert heard[-7].run != first


def test_a_run_from_before_runs_had_names_keeps_one_of_its_own(blobs, tmp_path):
    fit(FA(), blobs, out=tmp_path, **SMALL)
    told = json.loads((tmp_path / "env.json").read_text())
    assert RunFolder(tmp_path).run() == told.pop("run")
    (tmp_path / "env.json").write_text(json.dumps(told))
    assert RunFolder(tmp_path).run() == RunFolder(tmp_path).run() != None  # noqa: E711


def test_a_listener_that_fails_is_left_out_and_the_run_goes_on(blobs, tmp_path):
    heard: list[Any] = []

    class Failing:
        def __call__(self, event):
            heard.append(event)
            if isinstance(event, Epoch) and event.number == 1:
                raise ConnectionError("no route\nto host")

    with pytest.warns(UserWarning, match="listener") as told:
        result = fit(FA(), blobs, out=tmp_path, listeners=[Failing(), heard.append], **SMALL)
    (warning,) = [str(w.message) for w in told]
    assert warning == "listener Failing: ConnectionError: no route; the run goes on without it"
    assert [type(e) for e in heard].count(Finished) == 1  # the other heard it
    assert bits(result.networks) == bits(fit(FA(), blobs, **SMALL).networks)
    assert RunFolder(tmp_path).finished


def test_one_that_fails_at_the_start_is_told_before_anything_is_trained(blobs, tmp_path):
    def listen(event):
        raise ValueError("no such project")

    with pytest.raises(UsageError, match="listen: ValueError: no such project; mend it or leave"):
        fit(FA(), blobs, out=tmp_path, listeners=[listen], **SMALL)
    assert not RunFolder(tmp_path).rows("metrics.jsonl")


def test_one_that_ends_the_run_loses_no_epoch(blobs, tmp_path):
    def listen(event):
        if isinstance(event, Epoch) and event.number == 2:
            raise WriteError("log: cannot be written")

    rare = SMALL | {"checkpoint_seconds": 1e6}
    with pytest.raises(WriteError, match="log: cannot"):
        fit(FA(), blobs, out=tmp_path, listeners=[listen], **rare)
    assert RunFolder(tmp_path).checkpoints(0).latest() == 2
    resumed = fit(FA(), blobs, out=tmp_path, resume=True, **rare)
    assert bits(resumed.networks) == bits(fit(FA(), blobs, **SMALL).networks)


class Unmade(ListenerSpec):
    """Fails in the making."""

    name = ""

    def create(self, out):
        raise ValueError("no such thing")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([Unmade()], r"listeners\[0\]: Unmade could not be made \(ValueError: no such thing\)"),
        ("csv:a.csv", "listeners: must be a list, got 'csv:a.csv'; put it in brackets"),
        (print, "listeners: must be a list, got <built-in function print>; put it in brackets"),
        (["csv:a", "csv:a"], "listeners: csv:a is given twice; leave one out"),
        ([3], r"listeners\[0\]: must be a function of an event, or the spelling of a listener"),
        ([list], r"listeners\[0\]: must be called with events, and list is a class; make one"),
        (["csb:a"], r"listeners\[0\]: there is no 'csb'; did you mean 'csv'"),
        (["csv"], r"listeners\[0\]: csv: file is missing"),
        ([CSV], r"listeners\[0\]: CSV is a class, and its file is missing; call it, as in CSV"),
        (["tensorboard"], "tensorboard: needs a folder; add --out, or name it: tensorboard:DIR"),
    ],
)
def test_a_wrong_listener_is_one_line(blobs, given, says):
    with pytest.raises(UsageError, match=says):
        fit(FA(), blobs, listeners=given, **SMALL)


def test_a_library_that_is_not_there_is_told(blobs, monkeypatch):
    for module, name in (("wandb", "wandb"), ("mlflow", "mlflow"), ("tensorboardX", "tensorboard")):
        monkeypatch.setitem(sys.modules, module, None)
        if name != "tensorboard":
            monkeypatch.delitem(sys.modules, module)
            monkeypatch.setattr("apical.training.listeners.spec.find_spec", lambda name: None)
        with pytest.raises(UsageError, match=rf"pip install 'apical\[{name}\]'"):
            fit(FA(), blobs, listeners=[name], **SMALL)


def table(path: Path) -> list[dict[str, str]]:
    with open(path) as file:
        return [*csv.DictReader(file)]


def as_told(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Rows as a CSV file has them, but for times."""
    return [
        {"seed": str(r["seed"]), "epoch": str(r["epoch"])}
        | {k: str(v) for k, v in scalars(r).items()}
        for r in timeless(rows)
    ]


def written(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    left_out = ("run", "learner", "data", "seconds", "seconds_measuring")
    return [{k: v for k, v in row.items() if v and k not in left_out} for row in rows]


def test_a_csv_file_has_each_epoch_once_after_a_kill(blobs, tmp_path):
    log = tmp_path / "logs" / "epochs.csv"
    fit(BP(), blobs, listeners=[CSV(str(log))], **SMALL)
    earlier = table(log)
    rows = killed_and_resumed(blobs, tmp_path / "run", f"csv:{log}")
    found = table(log)
    assert found[:4] == [row | {k: "" for k in found[0] if k not in row} for row in earlier]
    ours = found[4:]
    assert {row["learner"] for row in ours} == {"fa"}
    assert len({row["run"] for row in found}) == 2
    by_seed = sorted(rows, key=lambda r: (r["seed"], r["epoch"]))
    assert written(ours) == as_told(by_seed)
    assert written(earlier)[0].keys() < written(earlier)[1].keys()  # no loss before the first step


def test_another_file_is_not_written_over(blobs, tmp_path):
    (tmp_path / "mine.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UsageError, match=r"mine.csv holds something else than epochs of runs; nam"):
        fit(FA(), blobs, out=tmp_path / "run", listeners=[f"csv:{tmp_path}/mine.csv"], **SMALL)
    assert (tmp_path / "mine.csv").read_text() == "a,b\n1,2\n"
    assert not (tmp_path / "run").exists()


def test_from_the_command_line_and_from_a_file_of_a_user(tmp_path, monkeypatch):
    where = ("--data", "iris", "--hidden", 4, "--epochs", 1, "--batch-size", 30)
    log = tmp_path / "log.csv"
    command("compare", "bp", "fa", *where, "--listen", f"csv:{log}")
    assert [row["learner"] for row in table(log)] == ["bp", "bp", "fa", "fa"]
    mine = tmp_path / "listeners_of_mine.py"
    mine.write_text(
        "from apical import ListenerSpec\n"
        "class Loud(ListenerSpec):\n"
        "    '''Loud.'''\n"
        "    word: str\n"
        "    def create(self, out):\n"
        "        return lambda event: print(self.word, type(event).__name__)\n"
    )
    monkeypatch.setattr(sys, "path", [*sys.path])
    said = command("train", "fa", *where, "--listen", f"{mine}:Loud:HEY")
    os.environ.pop("APICAL_WITH", None)
    assert [line for line in said.splitlines() if line.startswith("HEY")] == [
        "HEY Started", "HEY Epoch", "HEY Epoch", "HEY Measuring", "HEY Finished",
    ]  # fmt: skip
    said = command("train", "fa", *where, "--listen", "csb:a", code=2)
    assert "did you mean 'csv'" in said
    said = command("compare", "bp", "fa", *where, "--out", tmp_path / "o", "--jobs", 2, "--listen",
                   f"csv:{log}", code=2)  # fmt: skip
    assert "listen: not with --jobs or --scheduler" in said


def events_of(folder: Path) -> list[tuple[str, int, float]]:
    """Scalars of TensorBoard's files, by the library's own messages."""
    import struct

    from tensorboardX.proto.event_pb2 import Event

    found = []
    for path in sorted(folder.rglob("events.out.tfevents.*")):
        content, at = path.read_bytes(), 0
        while at < len(content):
            (length,) = struct.unpack("<Q", content[at : at + 8])
            event = Event.FromString(content[at + 12 : at + 12 + length])
            found += [(v.tag, event.step, v.simple_value) for v in event.summary.value]
            at += 16 + length
    return found


def of_seeds(rows: list[dict[str, Any]]) -> set[tuple[str, int]]:
    return {(f"seed-{r['seed']}/{name}", r["epoch"]) for r in rows for name in scalars(r)}


def test_tensorboard_has_every_number_once_after_a_kill(blobs, tmp_path, monkeypatch):
    # Files are named by the second, and no two sessions of a user begin in the same.
    seconds = SimpleNamespace(**vars(time) | {"time": itertools.count(2e9).__next__})
    monkeypatch.setattr("tensorboardX.event_file_writer.time", seconds)
    rows = killed_and_resumed(blobs, tmp_path / "run", f"tensorboard:{tmp_path}/logs")
    (own,) = (tmp_path / "logs").iterdir()  # a folder a run
    found = events_of(own)
    assert len(found) == len({name[:2] for name in found})
    assert {name[:2] for name in found} == of_seeds(rows)
    told = {(tag, step): value for tag, step, value in found}
    last = rows[-1]
    assert told["seed-1/val_loss", 3] == pytest.approx(last["val_loss"], rel=1e-6)
    assert ("seed-0/alignment/cosine/layer-1", 2) in told


def test_tensorboard_is_in_the_runs_folder_unless_told_otherwise(tmp_path):
    where = ("--data", "iris", "--hidden", 4, "--epochs", 1, "--batch-size", 30)
    command("train", "fa", *where, "--out", tmp_path / "run", "--tensorboard")
    assert events_of(tmp_path / "run" / "tensorboard")


def test_tensorboard_leaves_out_what_is_no_number(blobs, tmp_path, capfd):
    """One example has no variance that could be explained; the library would speak of it."""
    fit(
        FA(), blobs, hidden=(4,), target="input", loss="squared-error",
        epochs=1, batch_size=1, steps_per_epoch=2, listeners=[TensorBoard(str(tmp_path))],
    )  # fmt: skip
    names = {name for name, _, _ in events_of(tmp_path)}
    assert "seed-0/val_explained_variance" in names
    assert "seed-0/train_explained_variance" not in names
    assert capfd.readouterr().err == ""


@pytest.mark.hard
def test_mlflow_has_every_number_once_after_a_kill(blobs, tmp_path, monkeypatch):
    pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.chdir(tmp_path)
    rows = killed_and_resumed(blobs, tmp_path / "run", "mlflow:kept")
    from mlflow.tracking import MlflowClient

    client: Any = MlflowClient()
    place = client.get_experiment_by_name("kept").experiment_id
    runs = {run.data.tags["apical.seed"]: run for run in client.search_runs([place])}
    assert sorted(runs) == ["0", "1"]
    for seed, run in runs.items():
        assert run.info.status == "FINISHED"
        assert run.data.params["rule"] == "fa"
        assert run.data.params["settings.hidden"] == "fc:8"
        assert "final/test_accuracy" in run.data.metrics
        found = {
            (name, metric.step): metric.value
            for name in run.data.metrics
            for metric in client.get_metric_history(run.info.run_id, name)
            if not name.startswith("final/")
        }
        with sqlite3.connect(tmp_path / "mlflow.db") as stored:
            (count,) = stored.execute(
                "select count(*) from metrics where run_uuid = ? and key not like 'final/%'",
                [run.info.run_id],
            ).fetchone()
        wanted = {
            (name, r["epoch"]): value
            for r in rows
            if str(r["seed"]) == seed
            for name, value in scalars(r).items()
        }
        assert found.keys() == wanted.keys()
        assert count == len(wanted)
        untimed = {key for key in wanted if not key[0].startswith("seconds")}
        assert {key: found[key] for key in untimed} == {key: wanted[key] for key in untimed}


def records_of(content: bytes) -> list[bytes]:
    """The records of W&B's file: LevelDB's log format, after seven bytes that say whose it is."""
    block, at, found, part = 32768, 7, [], b""
    while at + 7 <= len(content):
        if block - at % block < 7:  # no head fits here any more
            at += block - at % block
            continue
        length, kind = int.from_bytes(content[at + 4 : at + 6], "little"), content[at + 6]
        part += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or its last part
            found.append(part)
            part = b""
    return found


def histories(folder: Path) -> list[tuple[str, list[dict[str, Any]]]]:
    """Each offline run's id and what was logged, the earlier sessions first."""
    messages: Any = import_module("wandb.proto.wandb_internal_pb2")

    found = []
    for path in sorted(folder.rglob("*.wandb"), key=lambda p: p.stat().st_mtime_ns):
        name, rows = "", []
        for raw in records_of(path.read_bytes()):
            record = messages.Record.FromString(raw)
            name = record.run.run_id or name
            if record.HasField("history"):
                told = {i.key or "/".join(i.nested_key): i.value_json for i in record.history.item}
                rows.append({key: json.loads(value) for key, value in told.items()})
        found.append((name, rows))
    return found


@pytest.mark.hard
def test_wandb_offline_has_every_number_of_the_last_session(blobs, tmp_path, monkeypatch):
    wandb = pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    rows = killed_and_resumed(blobs, tmp_path / "run", "wandb:kept")
    wandb.teardown()  # its process writes a little later
    found = histories(tmp_path / "wandb")
    run = RunFolder(tmp_path / "run").run()
    for seed in (0, 1):
        *_, last = (logged for name, logged in found if name == f"{run}-{seed}")
        assert [row["_step"] for row in last] == [0, 1, 2, 3]
        for row, wanted in zip(last, (r for r in rows if r["seed"] == seed), strict=True):
            told = {k: v for k, v in row.items() if not k.startswith("_")}
            assert told == pytest.approx(scalars(wanted))
    assert {name for name, _ in found} == {f"{run}-0", f"{run}-1"}


def test_wandb_is_told_no_epoch_that_it_has(blobs, tmp_path, monkeypatch):
    """Online the library knows the next step of a run that goes on."""

    class Run:
        def __init__(self, step):
            self.step, self.logged, self.summary = step, [], {}

        def log(self, numbers, step, commit):
            self.logged.append(step)
            self.step = step + commit

        def finish(self, exit_code):
            self.logged.append(f"exit {exit_code}")

    runs: dict[str, Run] = {}

    class Library:
        Settings = staticmethod(lambda **given: given)

        @staticmethod
        def init(**given):
            assert given["resume"] == "allow"
            runs[given["id"]] = Run(3)
            return runs[given["id"]]

    monkeypatch.setitem(sys.modules, "wandb", Library)
    monkeypatch.setattr("apical.training.listeners.spec.find_spec", find_spec_of(Library))
    fit(FA(), blobs, listeners=["wandb"], **SMALL | {"epochs": 4})
    (run,) = runs.values()
    assert run.logged == [3, 4, "exit 0"]
    assert 0 <= run.summary["final/test_accuracy"] <= 1


def find_spec_of(library):
    return lambda name: library if name == "wandb" else find_spec(name)


def test_names_are_public():
    assert {"CSV", "TensorBoard", "WandB", "MLflow", "ListenerSpec"} <= {*dir(apical)}
