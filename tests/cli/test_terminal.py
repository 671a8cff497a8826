"""Tables say all they have to, however narrow the terminal is; progress tells the time left."""

import io
import time
from contextlib import ExitStack

from rich.console import Console

from apical import Settings
from apical.cli.support.console import Face, bar
from apical.cli.support.flags import RunOptions
from apical.cli.support.terminal import table
from apical.rules import FA
from apical.runs.score import Score
from apical.training.events import Epoch, Measuring, Started


def test_no_cell_is_cut_in_a_narrow_terminal():
    shown, name = table("rule", "test accuracy (%)", "s / epoch"), "fa:feedback=fixed-sign"
    shown.add_row(name, "97.31 ± 0.12", "1.25")
    out = io.StringIO()
    Console(file=out, width=30).print(shown)
    first = (line.split("│")[1].strip() for line in out.getvalue().splitlines() if "│" in line)
    assert "".join(first) == name


def test_the_time_left_is_known_of_epochs_that_take_minutes():
    progress, now = bar(Console(file=io.StringIO(), force_terminal=True), "epochs"), [0.0]
    progress.get_time = lambda: now[0]
    task = progress.add_task("fa", total=10, note="")
    for at in (500.0, 600.0, 700.0):  # the first compiles
        now[0] = at
        progress.update(task, advance=1)
    assert progress.tasks[0].time_remaining == 700


def face(stack: ExitStack, seeds: int, **settings) -> Face:
    console = Console(file=io.StringIO(), force_terminal=True)
    asked = Settings(epochs=5, **settings)
    score = Score("accuracy", percent=True)
    return Face(stack, console, FA(), asked, score, RunOptions(seeds=seeds))


def epoch(seed: int, number: int, stopped: str | None = None) -> Epoch:
    scores = dict.fromkeys(("train_loss", "train_accuracy", "val_accuracy", "seconds"), 0.5)
    return Epoch(seed, number, scores, None, None, stopped)


def test_all_seeds_count_and_what_a_seed_that_was_stopped_leaves_out():
    stop = {"stop": ("early:1",)}
    config = {"data": {"name": "made"}, "settings": {"batch_size": 10}}
    rows = [{"seed": 0, "epoch": e, "val_accuracy": 0.5} for e in (1, 2)]
    with ExitStack() as stack:
        shown = face(stack, 3, **stop)
        (task,) = shown._progress.tasks
        assert task.total == 15
        shown(Started(config, 2, "name", {"spelled": "fa", "data": "made"}, rows))
        assert (task.completed, task.total) == (2, 12)  # seed 0 has ended
        shown(epoch(1, 1))
        shown(epoch(1, 2, "no better"))
        assert (task.completed, task.total) == (4, 9)


def test_measuring_tells_which_seed_it_is_at_and_the_time_left():
    with ExitStack() as stack:
        shown = face(stack, 3)
        (task,) = shown._progress.tasks
        shown(Measuring(0, 0, 3))
        assert task.fields["note"] == "measuring seed 0, 1 of 3"
        shown._measuring = time.monotonic() - 60  # when the first began
        shown(Measuring(1, 1, 3))
        assert task.fields["note"] == "measuring seed 1, 2 of 3, 2m left"
