"""The command as users meet it: small budgets, the bundled MNIST, kills of real processes."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from apical.runs.folder import RunFolder
from tests.commands import apical, apical_process, command

pytestmark = pytest.mark.slow

TRAIN = ["train", "fa", "--hidden", "16", "--lr", "1e-2"]
TRAIN += ["--steps-per-epoch", "20", "--epochs", "3"]


def rows(run: Path) -> list[dict]:
    lines = (run / "metrics.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    return [{k: v for k, v in row.items() if not k.startswith("seconds")} for row in found]


def weights(run: Path) -> list[bytes]:
    from apical.training.reload import reload
    from apical.training.selection import Best

    _, last = reload(run)
    _, best = reload(run, network=Best())
    kept = [*last.values(), *best.values()]
    return [np.asarray(layer.weight).tobytes() for m in kept for layer in m.network.layers]


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "fa"
    assert "fa on mnist" in apical(*TRAIN, "--seeds", 2, "--out", run)
    return run


def test_training_leaves_a_summary(trained):
    summary = json.loads((trained / "summary.json").read_text())
    assert summary["rule"] == "fa"
    assert summary["data"] == "mnist"
    assert summary["n_seeds"] == 2
    assert len(rows(trained)) == 6
    assert 0.2 < summary["test_accuracy"]["mean"] < 1
    assert summary["seconds_per_epoch"] > 0


def test_a_run_in_use_is_refused(trained):
    before = (trained / "metrics.jsonl").read_bytes()
    said = apical(*TRAIN, "--seeds", 2, "--out", trained, code=2)
    assert "already holds a run" in said
    assert "go on with resume, or replace it with overwrite" in said
    assert (trained / "metrics.jsonl").read_bytes() == before


def test_evaluate_predict_plot(trained, tmp_path):
    summary = json.loads((trained / "summary.json").read_text())
    said = apical("evaluate", trained)
    assert f"{100 * summary['test_accuracy']['list'][0]:.2f} %" in said
    assert "unfinished" not in said

    from apical.data import load

    test = load("mnist").test
    image = tmp_path / "digit.png"
    Image.fromarray(test.x[0]).save(image)
    assert "digit.png" in "".join(apical("predict", trained, image).split())
    assert "not found" in apical("predict", trained, tmp_path / "none.png", code=2)
    text = tmp_path / "text.png"
    text.write_text("not an image")
    assert "cannot be read as an image" in apical("predict", trained, text, code=2)

    figure = tmp_path / "figure.png"
    assert str(figure) in apical("plot", trained, "--out", figure)
    assert np.asarray(Image.open(figure)).std() > 0
    assert "not found" in apical("plot", tmp_path, code=2)


def test_a_run_is_attacked_and_compared_with_a_twin(trained, tmp_path):
    twin = tmp_path / "twin"
    apical("train", "bp", *TRAIN[2:], "--out", twin)
    out = tmp_path / "attacked"
    said = apical(
        "attack", trained, "--attack", "pgd:5,0.4", "--eps", "4/255", "0.1", "--transfer-from",
        twin, "--examples", 60, "--network", "best", "--out", out,
    )  # fmt: skip
    assert "verdict: " in said
    with (out / "attack.csv").open() as file:
        table = list(csv.DictReader(file))
    assert {row["seed"] for row in table} == {"0", "1"}
    assert {row["examples"] for row in table} == {"60"}
    accuracy = {(r["seed"], r["attack"], r["eps"]): float(r["accuracy"]) for r in table}
    for seed in "01":
        clean = accuracy[seed, "clean", "0"]
        for eps in ("4/255", "0.1"):
            assert accuracy[seed, "worst", eps] <= accuracy[seed, "pgd:5,0.4", eps] <= clean
            assert accuracy[seed, "worst", eps] <= accuracy[seed, "transfer", eps]
    for figure in ("accuracy", "examples"):
        assert np.asarray(Image.open(out / f"{figure}.png")).std() > 0

    other = tmp_path / "other"
    apical("train", "bp", "--data", "digits", "--hidden", 4, "--epochs", 1, "--out", other)
    refused = apical("attack", trained, "--transfer-from", other, code=2)
    assert "a twin must be trained on the data of" in " ".join(refused.split())


def test_the_irises_can_be_told_apart_and_attacked(tmp_path):
    run = tmp_path / "iris"
    apical("train", "associative-stdp", "--data", "iris", "--classes", 0, 2, "--out", run)
    said = apical("attack", run)
    assert "verdict: " in said
    results = run / "attack" / "attack.csv"
    before = results.read_text()
    refused = apical("attack", run, "--eps", "0.5", code=2)
    assert "--overwrite" in refused
    assert results.read_text() == before
    apical("attack", run, "--eps", "0.5", "--overwrite")
    assert results.read_text() != before
    assert not (run / "attack" / "examples.png").exists()


@pytest.mark.hard
@pytest.mark.parametrize("lines", [0, 2, 4], ids=["begun", "first-seed", "second-seed"])
def test_killed_and_resumed_is_bit_for_bit_the_same(trained, tmp_path, lines):
    run = tmp_path / "killed"
    asked = [*TRAIN, "--seeds", 2, "--checkpoint-seconds", 0, "--out", run]
    process = subprocess.Popen(command(*asked), stdout=subprocess.DEVNULL, start_new_session=True)
    metrics = run / "metrics.jsonl"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if (run / "config.json").exists() and (
            lines == 0 or (metrics.exists() and metrics.read_text().count("\n") >= lines)
        ):
            break
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (run / "summary.json").exists()
    resumed = apical_process if lines == 0 else apical
    resumed(*asked, "--resume")
    assert rows(run) == rows(trained)
    assert weights(run) == weights(trained)


@pytest.mark.hard
def test_ctrl_c_ends_cleanly_with_what_there_is(tmp_path):
    run = tmp_path / "stopped"
    # A suite that was started in the background has Ctrl-C ignored, and so would its children.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        command(*TRAIN, "--epochs", 100000, "--out", run),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    signal.signal(signal.SIGINT, before)
    metrics = run / "metrics.jsonl"
    while not (metrics.exists() and metrics.read_text().count("\n") >= 2):
        time.sleep(0.01)
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert "--resume goes on" in said
    summary = json.loads((run / "summary.json").read_text())
    assert summary["status"] == "interrupted"
    assert summary["epochs"][0] == len(rows(run)) >= 2
    best = summary["best_validation"]
    said = " ".join(apical("evaluate", run, "--network", "best").split())
    assert f"(interrupted): seed 0 after {len(rows(run))} of 100000 epochs" in said
    assert f"│ 0 │ {best['epoch'][0]} │ val │" in said
    assert f"{100 * best['val_accuracy']['list'][0]:.2f} %" in said


def test_compare_puts_rules_on_equal_terms(tmp_path):
    out = tmp_path / "compare"
    said = apical(
        "compare", "bp", "fa", "fa:frsf", "--hidden", 16, "--steps-per-epoch", 20,
        "--epochs", 2, "--seeds", 2, "--out", out,
    )  # fmt: skip
    assert "On equal terms" in said
    assert (out / "comparison.png").exists()
    written = {f"comparison.{ending}" for ending in ("json", "md", "tex", "png")}
    assert {p.name for p in out.iterdir()} == {"bp", "fa", "fa-frsf", "seconds.png"} | written
    initial = [RunFolder(out / rule).rows("initial.jsonl")[0] for rule in ("bp", "fa")]
    assert initial[0]["val_loss"] == initial[1]["val_loss"]


def test_networks_that_send_signs_or_samples(tmp_path):
    budget = ("--data", "digits", "--epochs", 15, "--batch-size", 50)
    apical("train", "dtp", "--net", "fc:32,sign", "fc:32", "--lr", 5e-3, *budget,
           "--out", tmp_path / "signs")  # fmt: skip
    summary = json.loads((tmp_path / "signs" / "summary.json").read_text())
    assert summary["test_accuracy"]["mean"] > 0.8

    apical("train", "dtp", "--net", "fc:32,bernoulli", "fc:32,bernoulli", "--lr", 2e-2, *budget,
           "--activation", "sigmoid", "--inverse-activation", "tanh",
           "--passes", 20, "--out", tmp_path / "samples")  # fmt: skip
    summary = json.loads((tmp_path / "samples" / "summary.json").read_text())
    assert summary["test_accuracy"]["mean"] > 0.8
    assert "its units send samples" in apical("attack", tmp_path / "samples", code=2)


def test_divergence_is_told_without_a_traceback(tmp_path):
    said = apical(
        "train", "bp", "--hidden", 16, "--activation", "relu", "--loss", "squared-error",
        "--optimizer", "sgd", "--lr", 1000, "--epochs", 2, "--out", tmp_path / "r", code=1,
    )  # fmt: skip
    assert "epoch 1, step" in said
    assert "layer" in said


def test_a_dry_run_lists_what_is_missing_and_writes_nothing(tmp_path):
    out = tmp_path / "new"
    asked = ["reproduce", "difference-target-propagation", "--only", "dtp"]
    asked += ["--dry-run", "--out", str(out)]
    said = apical(*asked)
    assert "3 runs, of which 3 are missing" in said
    assert "continuous-dtp seed 2" in said
    assert "0 are missing" in apical(*asked, "--recorded")
    assert "what our runs say" not in said  # of one claim alone
    whole = apical(asked[0], asked[1], "--dry-run", "--out", out)
    assert "what our runs say" in whole
    assert "`dtp`" in whole
    assert not out.exists()


def test_help_needs_no_jax():
    said = subprocess.run(
        [sys.executable, "-X", "importtime", *command("--help")[1:]],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "train" in said.stdout
    imported = {line.rsplit("|", 1)[-1].strip() for line in said.stderr.splitlines()}
    assert not imported & {"jax", "numpy", "tyro"}


@pytest.mark.parametrize(
    "args", [["train"], ["train", "fa"], ["compare"], ["plot"], ["data"], ["attack"]]
)
def test_every_command_has_help(args):
    assert "usage: apical" in apical(*args, "--help")


def test_data_commands():
    assert "mnist" in apical("data", "list")
    assert "ok" in apical("data", "verify", "mnist")
    assert "APICAL_DATA" in apical("data", "where")
