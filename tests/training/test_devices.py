"""Minibatches that several devices share, beside one device's: virtual ones, in a process of their
own, since a process has its devices from the start."""

import json
import os
import subprocess
import sys

import pytest

import apical
from apical.errors import UsageError
from apical.training.devices import Devices
from tests.commands import apical as command

COMPARED = """
import json, sys, tempfile
from pathlib import Path
import apical
from apical.data import load

told = {}
data = load("digits").limit(40)
layers = {"hidden": ("lc:3x3,4,s2", 12), "batch_size": 40, "epochs": 2}
for rule in (apical.BP(), apical.FA(), apical.DFA(), apical.DTP()):
    one, four = (apical.fit(rule, data, **layers, devices=n) for n in (1, "all"))
    told[rule.name] = [
        [r["val_loss"] for r in (*x.initial, *x.metrics)]
        + [r["train_loss"] for r in x.metrics]
        + [x.summary["test_loss"]["mean"]]
        for x in (one, four)
    ]
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
try:
    apical.fit("ghost-mb", data, hidden=(6,), epochs=1, devices=4)
except apical.UsageError as error:
    told["alone"] = str(error)
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told():
    flags = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=4"
    done = subprocess.run(
        [sys.executable, "-c", COMPARED], capture_output=True, text=True, check=False,
        env={**os.environ, "XLA_FLAGS": flags},
    )  # fmt: skip
    assert not done.returncode, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.many
@pytest.mark.parametrize("name", ["bp", "fa", "dfa", "dtp", "together", "generative"])
def test_losses_are_those_of_one_device_but_for_rounding(told, name):
    one, several = told[name]
    assert len(one) >= 1
    assert several == pytest.approx(one, rel=2e-5)


@pytest.mark.many
def test_a_run_goes_on_with_as_many_devices(told):
    whole, resumed = told["resumed"]
    assert whole == resumed
    assert told["config"] == 4


@pytest.mark.many
def test_a_rule_of_one_example_at_a_time_refuses_by_name(told):
    assert "devices: a minibatch of 1 cannot be cut into 4 equal parts; ghost-mb" in told["alone"]


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
