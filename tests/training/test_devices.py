"""Minibatches that several devices share, beside one device's: virtual ones in a process of their
own, since a process has its devices from the start, and those of two processes that are joined."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import apical
from apical.cli.support.hosts import HostOptions, joined
from apical.errors import UsageError
from apical.training.devices import Devices
from tests.commands import apical as command
from tests.data.pictures import folder

COMMON = """
import json, sys, tempfile
from pathlib import Path
import apical
from apical.data import load
from apical.data.image_files.framings import Resized
from apical.data.image_files.rows import ImageRows
from tests.data.pictures import SIZE

told = {}
data = load("digits").limit(40)
files = load(f"folder:{sys.argv[1]}").framed(Resized(SIZE))
layers = {"hidden": ("lc:3x3,4,s2", 12), "batch_size": 40, "epochs": 2}
RULES = (apical.BP(), apical.FA(), apical.DFA(), apical.DTP())

def losses(x):
    rows = [*x.initial, *x.metrics]
    trained = [r["train_loss"] for r in x.metrics]
    return [r["val_loss"] for r in rows] + trained + [x.summary["test_loss"]["mean"]]

def refusal(*asked, **how):
    try:
        apical.fit(*asked, **how)
    except apical.UsageError as error:
        return str(error)

def of_files(**how):
    return losses(apical.fit(apical.BP(), files, hidden=(6,), batch_size=4, epochs=1, **how))
"""
FOUR = """
for rule in RULES:
    one, four = (apical.fit(rule, data, **layers, devices=n) for n in (1, "all"))
    told[rule.name] = [losses(x) for x in (one, four)]
told["files"] = [of_files(), of_files(devices=4)]
several = apical.fit(apical.BP(), data, **layers, devices=2, seeds=2, together=True)
alone = apical.fit(apical.BP(), data, **layers, seeds=2)
in_order = lambda r: (r["seed"], r["epoch"])
told["together"] = [
    [r["train_loss"] for r in sorted(x.metrics, key=in_order)] for x in (alone, several)
]
model = apical.IteratedTargetProp((8, 4))
one, four = (model.fit(data, epochs=1, batch_size=40, devices=n) for n in (1, 4))
told["generative"] = [[r["train_loss"] for r in x.metrics] for x in (one, four)]
with tempfile.TemporaryDirectory() as folder:
    out = Path(folder) / "run"
    apical.fit(apical.FA(), data, **{**layers, "epochs": 1}, devices=4, out=out)
    on = apical.fit(apical.FA(), data, **layers, devices=4, out=out, resume=True)
    whole = apical.fit(apical.FA(), data, **layers, devices=4)
    told["resumed"] = [[r["train_loss"] for r in x.metrics] for x in (whole, on)]
    told["config"] = json.loads((out / "config.json").read_text())["devices"]
told["alone"] = refusal("ghost-mb", data, hidden=(6,), epochs=1, devices=4)

from dataclasses import replace
import jax
from apical.training import devices, memory
from apical.training.epoch import run_chunk, step_keys
from apical.training.lanes import Lanes
from apical.training.learner import Keys
from apical.training.task import Task

devices.LARGE = 1024
cut = {**layers, "devices": 4, "shard_weights": True}
for rule in RULES:
    told[f"cut {rule.name}"] = [told[rule.name][0], losses(apical.fit(rule, data, **cut))]
with tempfile.TemporaryDirectory() as folder:
    out = Path(folder) / "run"
    apical.fit(apical.DTP(), data, **{**cut, "epochs": 1}, out=out)
    on = apical.fit(apical.DTP(), data, **cut, out=out, resume=True)
    told["cut resumed"] = [told["cut dtp"][1], losses(on)]

settings = replace(apical.DTP().recipe, hidden=("lc:3x3,32", "lc:3x3,32"), batch_size=4)
trainer = Task(apical.DTP(), data, settings).trainer
sizes = []
for held in (devices.Devices(), devices.Devices(4).of_weights()):
    shared = {"turns": trainer.plan[-1], "learner": trainer.learner, "devices": held}
    carry = held.put(replace(trainer, devices=held).begin(0))
    (chunk,) = trainer.stream.chunks(1, Keys.of(0))
    keys = step_keys(jax.random.key(0), len(chunk.order), trainer.plan[-1])
    program = run_chunk.lower(carry, chunk, keys, lanes=Lanes(1), **shared).compile()
    there = sum(leaf.addressable_shards[0].data.nbytes for leaf in jax.tree.leaves(carry))
    sizes.append([there, held.bytes_of(carry), program.memory_analysis().temp_size_in_bytes])
told["sizes"] = sizes

wide = {"hidden": (400,), "batch_size": 4, "epochs": 1, "devices": 4}
trainer = Task(apical.BP(), data, apical.Settings(hidden=(400,), batch_size=4)).trainer
carry = memory.size_of(trainer.shapes)
memory._one_memory = lambda: False
told["chosen"], begun = [], []
for free in (2 * carry, 0.9 * carry, 0.1 * carry):
    memory._of_free = lambda need: [(need.device, free)]
    said = refusal(apical.BP(), data, **wide, listeners=[begun.append])
    (first, *_), begun[:] = begun or [None], []
    told["chosen"].append(said or first.config.get("shard_weights", False))
print(json.dumps(told))
"""
TWO = """
from apical.cli.main import main
from apical.cli.support import hosts
from apical.training.hosts import of_first

number, port, out = int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
hosts.ALIKE, hosts.LOOK = 0.5, 0.2

def train():
    results = {rule.name: apical.fit(rule, data, **layers) for rule in RULES}
    told.update({name: losses(result) for name, result in results.items()})
    apical.fit(apical.FA(), data, **{**layers, "epochs": 1}, out=out)
    on = apical.fit(apical.FA(), data, **layers, out=out, resume=True)
    told["resumed"] = losses(on)
    told["again"] = refusal(apical.FA(), data, **layers, out=out)
    read, drawn = [], ImageRows.drawn
    ImageRows.drawn = lambda rows, chance: read.extend(rows.rows.tolist()) or drawn(rows, chance)
    told["files"], told["read"] = of_files(), read
    told["other"] = refusal(apical.BP(), data, **layers, lr=0.1 + number)
    told["alone"] = refusal("ghost-mb", data, hidden=(6,), epochs=1)
    print(json.dumps(told), flush=True)
    if number:
        raise apical.DataError("a file is damaged")
    of_first(lambda: None)

from apical.cli.support import console
console.run = lambda *asked: train()
main(f"train bp --hosts 2 --host {number} --coordinator 127.0.0.1:{port}".split())
"""


def started(script, devices, *words):
    """A process of so many virtual devices. Its programs need not be quick, but compiled soon."""
    flags = (
        f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={devices} "
        "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    )
    return subprocess.Popen(
        [sys.executable, "-c", COMMON + script, *map(str, words)], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2],
        env={**os.environ, "XLA_FLAGS": flags},
    )  # fmt: skip


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return folder(tmp_path_factory.mktemp("photos"))


@pytest.fixture(scope="module")
def told(photos):
    process = started(FOUR, 4, photos)
    said, complaint = process.communicate()
    assert not process.returncode, complaint
    return json.loads(said.splitlines()[-1])


@pytest.fixture(scope="module")
def pair(photos, tmp_path_factory):
    """Two processes with a device each: what each measured, its exit code, its complaint, and the
    folder that it was to write."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    outs = [tmp_path_factory.mktemp("host") / "run" for _ in range(2)]
    both = [started(TWO, 1, photos, i, port, out) for i, out in enumerate(outs)]
    came = [process.communicate(timeout=300) for process in both]
    found = []
    for process, out, (said, complaint) in zip(both, outs, came, strict=True):
        lines = [line for line in said.splitlines() if line.startswith("{")]
        found.append((json.loads(lines[-1]) if lines else {}, process.returncode, complaint, out))
    return found


@pytest.mark.hard
@pytest.mark.parametrize("name", ["bp", "fa", "dfa", "dtp", "files", "together", "generative"])
def test_losses_are_those_of_one_device_but_for_rounding(told, name):
    one, several = told[name]
    assert len(one) >= 1
    assert several == pytest.approx(one, rel=2e-5)


@pytest.mark.hard
@pytest.mark.parametrize("name", ["bp", "fa", "dfa", "dtp"])
def test_so_they_are_where_weights_are_cut(told, name):
    one, several = told[f"cut {name}"]
    assert several == pytest.approx(one, rel=2e-5)


@pytest.mark.hard
def test_a_run_whose_weights_are_cut_goes_on(told):
    whole, resumed = told["cut resumed"]
    assert whole == resumed


@pytest.mark.hard
def test_each_of_four_devices_has_a_quarter_of_weights_inverses_and_their_optimizers(told):
    (whole, foreseen, between), (part, foreseen_part, between_part) = told["sizes"]
    assert (foreseen, foreseen_part) == (whole, part)
    assert part == pytest.approx(whole / 4, rel=0.1)
    assert between_part < between / 2  # nowhere are they put together


@pytest.mark.hard
def test_weights_are_cut_unasked_where_one_device_lacks_the_room(told):
    roomy, tight, hopeless = told["chosen"]
    assert (roomy, tight) == (False, True)
    assert "hidden: training needs" in hopeless


def test_weights_are_not_cut_where_nobody_shares_them():
    with pytest.raises(UsageError, match="shard_weights: needs several devices"):
        apical.fit(apical.BP(), "iris", batch_size=9, shard_weights=True)
    with pytest.raises(UsageError, match="shard_weights, together: they exclude each other"):
        apical.fit(apical.BP(), "iris", shard_weights=True, seeds=2, together=True)


@pytest.mark.hard
def test_a_run_goes_on_with_as_many_devices(told):
    whole, resumed = told["resumed"]
    assert whole == resumed
    assert told["config"] == 4


@pytest.mark.hard
def test_a_rule_of_one_example_at_a_time_refuses_by_name(told):
    assert "devices: a minibatch of 1 cannot be cut into 4 equal parts; ghost-mb" in told["alone"]


@pytest.mark.hard
@pytest.mark.parametrize("name", ["bp", "fa", "dfa", "dtp", "files"])
def test_losses_on_two_hosts_are_those_of_one_device_but_for_rounding(told, pair, name):
    for host, _, complaint, _ in pair:
        assert name in host, complaint
        assert host[name] == pytest.approx(told[name][0], rel=2e-5)


@pytest.mark.hard
def test_the_first_host_alone_writes_and_all_go_on_from_it(pair):
    (first, _, _, ours), (second, _, _, theirs) = pair
    assert first["resumed"] == first["fa"] == second["resumed"]
    assert first["again"] == second["again"]
    assert "already holds a run" in first["again"]
    config = json.loads((ours / "config.json").read_text())
    assert (config["devices"], config["hosts"]) == (2, 2)
    assert not theirs.exists()


@pytest.mark.hard
def test_each_host_reads_its_part_of_the_files_alone(pair):
    ours, theirs = (host["read"] for host, *_ in pair)
    assert len(ours) == len(theirs) == 12
    assert len({*ours, *theirs}) == 24


@pytest.mark.hard
def test_hosts_that_are_asked_for_different_runs_refuse(pair):
    first, second = (host["other"] for host, *_ in pair)
    assert "host 1 was asked for another run than host 0; give each" in first
    assert "host 0: settings.lr (there 0.1, now 1.1); give each" in second
    assert "cannot be cut into 2 equal parts; ghost-mb" in pair[1][0]["alone"]


@pytest.mark.hard
def test_a_mistake_of_one_host_ends_all_with_a_line(pair):
    assert [code for _, code, *_ in pair] == [1, 1]
    told = [complaint.splitlines() for _, _, complaint, _ in pair]
    assert told == [["apical: host 1: a file is damaged"], ["apical: a file is damaged"]]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("many",), "hosts: must be a number or auto"),
        (("0",), "hosts: must be a number or auto"),
        (("2",), "host: must be a number from 0 to 1"),
        (("2", 2, "a:1"), "host: must be a number from 0 to 1"),
        (("2", 1), "coordinator: must be HOST:PORT"),
        (("2", 1, "a"), "coordinator: must be HOST:PORT"),
        (("auto", 1), "leave them out"),
        (("auto",), "hosts: auto finds no SLURM"),
    ],
)
def test_hosts_that_cannot_meet_are_refused(options, complaint, monkeypatch):
    import jax

    def initialize(*_, **__):
        raise ValueError("coordinator_address should be defined.")

    monkeypatch.setattr(jax.distributed, "initialize", initialize)
    with pytest.raises(UsageError, match=complaint), joined(HostOptions(*options)):
        pass


@pytest.mark.parametrize("asked", [0, -1, 99, "99", "many", "0", 1.5, True])
def test_devices_that_are_not_there_are_refused(asked):
    with pytest.raises(UsageError, match="devices: "):
        apical.fit(apical.BP(), "iris", epochs=1, devices=asked)


def test_the_command_tells_what_there_is(tmp_path):
    asked = ("train", "bp", "--data", "iris", "--batch-size", 9, "--epochs", 1)
    assert "devices: this machine has" in command(*asked, "--devices", 64, code=2)
    command(*asked, "--devices", 1)


def test_one_device_shares_nothing():
    tree = {"a": object()}
    alone = Devices()
    assert alone.put(tree) is tree
    assert alone.share(tree) is tree
    assert alone.whole(tree) is tree
