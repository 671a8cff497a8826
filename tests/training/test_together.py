"""Several seeds as one program give what each gives alone."""

import json
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical import (
    BP,
    DFA,
    DTP,
    FA,
    ITD,
    Credit,
    DivergenceError,
    Settings,
    State,
    UsageError,
    fit,
)  # fmt: skip
from apical.networks.layers import Fc
from apical.runs.folder import RunFolder, plain
from apical.training.events import Epoch
from apical.training.how import fit_apart
from apical.training.recording import InMemory as NoTrace
from apical.training.reload import reload
from apical.training.run import run
from apical.training.selection import Best
from apical.training.task import Task
from tests.commands import apical
from tests.training.small import SMALL, bits, timeless
from tests.training.test_stream import InPieces

STOCHASTIC = {"hidden": ("fc:8,bernoulli",), "activation": "sigmoid", "passes": 2}
CASES = {
    "bp": (BP(), {}),
    "fa": (FA(), {}),
    "dfa": (DFA(), {}),
    "dtp in turns": (DTP(), {"hidden": (8, 8), "alternate": "epoch"}),
    "noise that falls": (DTP(noise_halved_after=2.0), {"hidden": (8, 8)}),
    "a memory": (ITD(), {"steps_per_epoch": None}),
    "samples": (FA(), STOCHASTIC),
}


def assert_close(ours, theirs, rtol, atol=0.0):
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)


def numbers(rows):
    """Without nulls, as files have what is no number, which have no difference."""
    return json.loads(json.dumps(plain(timeless(rows))).replace("null", "0"))


@pytest.mark.parametrize(("rule", "changes"), CASES.values(), ids=CASES)
def test_the_numbers_are_those_of_each_seed_alone(blobs, rule, changes):
    """To rounding in float32, whose eps is 1.2e-7."""
    settings = SMALL | {"seeds": 3, "record_test": True} | changes
    alone, together = (fit(rule, blobs, together=t, **settings) for t in (False, True))
    assert_close(together.networks, alone.networks, rtol=2e-5, atol=2e-6)
    assert_close(together.states, alone.states, rtol=2e-5, atol=2e-6)
    for name in ("metrics", "initial"):
        ours, theirs = (numbers(getattr(result, name)) for result in (together, alone))
        for row in (*ours, *theirs):
            del row["alignment"]  # an angle of zero has no digits: arccos is steep there
        assert_close(ours, theirs, rtol=1e-3, atol=1e-4)


def stopped(after: int):
    """A listener that interrupts after so many epochs of any seed."""
    seen = []

    def interrupt(event):
        if isinstance(event, Epoch) and event.number > 0:
            seen.append(event)
            if len(seen) == after:
                raise KeyboardInterrupt

    return interrupt


@pytest.mark.parametrize("stop", [1, 3, 4, 5, 9])
def test_interrupted_and_resumed_is_uninterrupted(blobs, tmp_path, stop):
    """Also in the middle of a round, where one seed is an epoch further than another."""
    settings: dict[str, Any] = SMALL | {"seeds": 3, "together": True}
    whole = fit(FA(), blobs, out=tmp_path / "whole", **settings)
    part = fit(FA(), blobs, out=tmp_path / "part", listeners=[stopped(stop)], **settings)
    assert part.summary["status"] == "interrupted"
    assert len(part.metrics) == stop
    ended, ahead = divmod(stop, 3)
    latest = [RunFolder(tmp_path / "part").checkpoints(seed).latest() for seed in range(3)]
    assert latest == [ended + (seed < ahead) for seed in range(3)]
    done = fit(FA(), blobs, out=tmp_path / "part", resume=True, **settings)
    assert bits(done.networks) == bits(whole.networks)
    for name in ("metrics.jsonl", "initial.jsonl"):
        rows = [RunFolder(tmp_path / run).rows(name) for run in ("whole", "part")]
        assert timeless(rows[0]) == timeless(rows[1])
    best = [reload(tmp_path / run, blobs, Best())[1] for run in ("whole", "part")]
    assert [m.epoch for m in best[0].values()] == [m.epoch for m in best[1].values()]
    assert bits([m.network for m in best[0].values()]) == bits(
        [m.network for m in best[1].values()]
    )


def test_a_run_goes_on_as_it_was_begun(blobs, tmp_path):
    fit(FA(), blobs, out=tmp_path, seeds=2, together=True, **SMALL)
    with pytest.raises(UsageError, match=r"were trained together, as one program, .*; add togeth"):
        fit(FA(), blobs, out=tmp_path, seeds=2, resume=True, **SMALL)
    fit(FA(), blobs, out=tmp_path, seeds=2, overwrite=True, **SMALL)
    with pytest.raises(UsageError, match=r"were not trained together, .*; leave out together"):
        fit(FA(), blobs, out=tmp_path, seeds=2, resume=True, together=True, **SMALL)
    with pytest.raises(
        UsageError, match=r"seeds \(there 2, now 3\); together \(there none, now 0/1/2"
    ):
        fit(FA(), blobs, out=tmp_path, seeds=3, resume=True, together=True, **SMALL)


class Fragile(BP):
    """Its weights are no numbers any more after so many steps, of seeds that drew so."""

    name = "fragile"
    after: int = 15

    def init(self, net, batch, key):
        return State(kept=(jnp.zeros((), int), jax.random.uniform(key)))

    def credit(self, net, state, batch, key):
        found = BP().credit(net, State(), batch, key)
        step, drawn = state.kept
        poison = jnp.where((step < self.after) | (drawn < 0.5), 0.0, jnp.nan)
        network = jax.tree.map(lambda g: g + poison, found.network)
        return Credit(network, found.signals, kept=(step + 1, drawn))


def which_diverge(blobs) -> list[bool]:
    """Of four seeds."""
    task = Task(Fragile(), blobs, Fragile.recipe)
    return [float(task.begin(seed).state.kept[1]) >= 0.5 for seed in range(4)]


def test_a_seed_that_diverges_ends_as_it_does_alone(blobs, tmp_path):
    lost = which_diverge(blobs)
    assert 0 < sum(lost) < 4
    first = lost.index(True)
    settings: dict[str, Any] = SMALL | {"seeds": 4, "together": True, "out": tmp_path / "run"}
    told = f"seed {first}, epoch 2, step 6: .* reached nan"
    with pytest.raises(DivergenceError, match=told):
        fit(Fragile(), blobs, **settings)
    folder = RunFolder(tmp_path / "run")
    summary = folder.read("summary.json")
    assert summary["status"] == "diverged"
    assert summary["epochs"] == [1 if gone else 3 for gone in lost]
    rows = folder.rows("metrics.jsonl")
    _, models = reload(tmp_path / "run", blobs)
    for seed, gone in enumerate(lost):
        own = {"seed": seed, "epochs": 1 if gone else 3}
        alone = fit(Fragile(), blobs, **SMALL | own)
        ours = [row for row in rows if row["seed"] == seed]
        assert_close(numbers(ours), numbers(alone.metrics), rtol=1e-3, atol=1e-4)
        assert_close(models[seed].network, alone.networks[0], rtol=2e-5, atol=2e-6)
    # Going on, it diverges again, and changes nothing.
    with pytest.raises(DivergenceError, match=told):
        fit(Fragile(), blobs, resume=True, **settings)
    assert timeless(folder.rows("metrics.jsonl")) == timeless(rows)


def test_divergence_and_an_interruption(blobs, tmp_path):
    """Seeds that are left go on beside the place of the one that is lost."""
    settings: dict[str, Any] = SMALL | {"seeds": 4, "together": True}
    with pytest.raises(DivergenceError):
        fit(Fragile(), blobs, out=tmp_path / "whole", **settings)
    part = {"out": tmp_path / "part", **settings}
    interrupted = fit(Fragile(), blobs, listeners=[stopped(5)], **part)
    assert interrupted.summary["status"] == "interrupted"
    with pytest.raises(DivergenceError):
        fit(Fragile(), blobs, resume=True, **part)
    rows = [RunFolder(tmp_path / name).rows("metrics.jsonl") for name in ("whole", "part")]
    assert timeless(rows[0]) == timeless(rows[1])


def test_each_seed_may_have_a_folder_of_its_own(blobs, tmp_path):
    """The same runs as in one folder, and gone on with in the same way."""
    settings = Settings(hidden=(Fc(8),), batch_size=30, epochs=3)
    whole = fit(FA(), blobs, settings, seeds=3, together=True)
    folders = {seed: tmp_path / f"seed-{seed}" for seed in range(3)}
    first = fit_apart(Task(FA(), blobs, settings), folders, listeners=[stopped(4)])
    assert [summary["status"] for summary in first.values()] == ["interrupted"] * 3
    summaries = fit_apart(Task(FA(), blobs, settings), folders)
    for seed, folder in folders.items():
        stored = RunFolder(folder)
        assert stored.finished
        assert stored.config()["seeds"] == 1
        assert stored.config()["together"] == [0, 1, 2]
        ours = [row for row in whole.metrics if row["seed"] == seed]
        assert timeless(stored.rows("metrics.jsonl")) == timeless(ours)
        assert summaries[seed]["test_accuracy"]["list"] == [
            whole.summary["test_accuracy"]["list"][seed]
        ]
        _, models = reload(folder, blobs)
        assert bits(models[seed].network) == bits(whole.networks[seed])


def test_of_folders_of_their_own_only_that_of_a_lost_seed_is_unfinished(blobs, tmp_path):
    lost = which_diverge(blobs)
    settings = Settings(hidden=(Fc(8),), batch_size=30, epochs=3)
    folders = {seed: tmp_path / f"seed-{seed}" for seed in range(4)}
    with pytest.raises(DivergenceError):
        fit_apart(Task(Fragile(), blobs, settings), folders)
    statuses = [RunFolder(f).read("summary.json")["status"] for f in folders.values()]
    assert statuses == ["diverged" if gone else "finished" for gone in lost]


def test_streams_that_differ_by_the_seed_are_refused(blobs):
    task = Task(FA(), blobs, FA.recipe)
    pieces = replace(task.trainer, stream=InPieces(task.trainer.stream, 4))
    with pytest.raises(UsageError, match="together: needs one set of raw examples for all seeds"):
        run(pieces, {"data": {"name": "blobs"}}, range(2), NoTrace(), together=True)


def test_the_command_line_offers_it(tmp_path):
    args = ["--hidden", "4", "--epochs", "1", "--steps-per-epoch", "2", "--data", "digits"]
    apical("train", "fa", *args, "--seeds", "2", "--together", "--out", tmp_path)
    assert RunFolder(tmp_path).config()["together"] == [0, 1]
