"""`apical generate` as users meet it."""

import json
import signal
import subprocess
import time

import numpy as np
import pytest
from PIL import Image

from tests.commands import apical, command
from tests.training.small import timeless

pytestmark = pytest.mark.slow

SIZE = ["--data", "digits", "--hidden", "20", "5", "--batch-size", "50"]
TRAIN = ["generate", "train", *SIZE, "--epochs", "3"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "made"
    said = " ".join(apical(*TRAIN, "--seeds", 2, "--out", run).split())
    assert "iterated-target-prop:20/5 on digits: " in said
    assert "log joint, mean ± std over seeds" in said
    return run


def test_a_run_leaves_what_any_run_leaves(made):
    summary = json.loads((made / "summary.json").read_text())
    assert (summary["model"], summary["n_seeds"]) == ("iterated-target-prop", 2)
    rows = [json.loads(line) for line in (made / "metrics.jsonl").read_text().splitlines()]
    assert [(r["seed"], r["epoch"]) for r in rows] == [(s, e) for s in (0, 1) for e in (1, 2, 3)]
    assert np.shape(rows[0]["inference"]["log_joint"]) == (2, 21)
    assert "already holds a run" in apical(*TRAIN, "--seeds", 2, "--out", made, code=2)
    again = apical(*TRAIN, "--seeds", 2, "--out", made, "--resume")
    assert "going on after 6 of 6 epochs: 2 seeds, 3 each" in again


@pytest.mark.hard
def test_a_killed_run_goes_on_bit_for_bit(made, tmp_path):
    run, words = tmp_path / "killed", [*TRAIN, "--seeds", 2, "--checkpoint-seconds", 0]
    process = subprocess.Popen(command(*words, "--out", run), stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(run.glob("checkpoints/seed-*/*.npz")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    apical(*words, "--out", run, "--resume")
    found, expected = (
        [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        for folder in (run, made)
    )
    assert timeless(found) == timeless(expected)
    for seed in (0, 1):
        ours, theirs = (
            np.load(folder / "checkpoints" / f"seed-{seed}" / "3.npz") for folder in (run, made)
        )
        assert ours.files == theirs.files
        assert all(np.array_equal(ours[name], theirs[name]) for name in ours.files)


def test_samples_and_completions_are_grids_of_images(made, tmp_path):
    out = tmp_path / "samples.png"
    assert f"samples: {out}" in apical("generate", "sample", made, "--count", 7, "--out", out)
    sheet = np.asarray(Image.open(out))
    assert sheet.shape == (58, 7 * 57 + 1)
    assert sheet.std() > 10
    numbers = tmp_path / "samples.npy"
    apical("generate", "sample", made, "--count", 7, "--seed", 1, "--out", numbers)
    assert np.load(numbers).shape == (7, 8, 8)
    out = tmp_path / "inpainted.png"
    words = ["--missing", "upper", "--count", 4, "--network", "best", "--out", out]
    assert f"inpainted: {out}" in apical("generate", "inpaint", made, *words)
    whole, begun, filled = np.asarray(Image.open(out))[1:].reshape(3, 57, -1)
    for row in (begun, filled):
        assert np.array_equal(row[28:], whole[28:])
        assert not np.array_equal(row[:28], whole[:28])


def test_samples_are_measured_beside_references(made, tmp_path):
    classifier, out = tmp_path / "bp", tmp_path / "measured.json"
    apical("train", "bp", "--data", "digits", "--hidden", 16, "--epochs", 3, "--out", classifier)
    words = ["--samples", 300, "--classifier", classifier, "--out", out]
    said = " ".join(apical("generate", "evaluate", made, *words).split())
    for what in ("training", "Gaussian", "model, 3", "Fréchet", "rarest class", "its standard"):
        assert what in said
    measured = json.loads(out.read_text())
    real, (first, second) = measured["training images"][0], measured["model, 3 rounds"]
    assert real["parzen"]["mean"] > first["parzen"]["mean"] != second["parzen"]["mean"]
    assert real["frechet"] < first["frechet"]
    few = apical("generate", "evaluate", made, "--samples", 1, *words[2:], code=2)
    assert "below the 359 real examples and 1 samples, got 5; take more samples" in few


def test_without_a_number_there_are_as_many_samples_as_the_data_have_examples(made, tmp_path):
    out = tmp_path / "measured.json"
    said = " ".join(apical("generate", "evaluate", made, "--out", out).split())
    assert "samples: 1079 of each, as many as there are training images" in said
    assert "Fréchet" not in said
    assert json.loads(out.read_text())["samples"] == 1079


def test_curves_of_it_are_drawn(made, tmp_path):
    out = tmp_path / "curves.png"
    assert f"figure: {out}" in apical("plot", made, "--out", out)


def test_an_autoencoder_is_trained_gone_on_with_drawn_and_used(tmp_path):
    run, out = tmp_path / "run", tmp_path / "shown.png"
    train = ["generate", "train", "target-autoencoder", "--data", "digits", "--hidden", 20]
    words = [*train, "--target", "reflected-input", "--no-tied", "--epochs", 2, "--out", run]
    assert "target-autoencoder:20,tied=false,target=reflected-input on digits" in apical(*words)
    assert "going on after epoch 2 of 2" in apical(*words, "--resume")
    assert "model (there" in apical(*words, "--noise", 0.1, "--resume", code=2)
    assert "figure" in apical("plot", run, "--out", out)
    assert "inpainted" in apical("generate", "inpaint", run, "--count", 2, "--out", out)
    assert "Parzen" in apical("generate", "evaluate", run, "--samples", 50)
    begun = ["train", "bp", "--data", "digits", "--epochs", 1, "--hidden", 20, "--init-from", run]
    network = tmp_path / "network"
    apical(*begun, "--activation", "sigmoid", "--out", network)
    assert json.loads((network / "config.json").read_text())["init_from"]["0"]["run"] == str(run)
    assert "accuracy" in apical("evaluate", network)
    assert "use activation sigmoid" in " ".join(apical(*begun, code=2).split())


def test_images_and_labels_are_learned_and_the_images_are_shown(tmp_path):
    run, out = tmp_path / "both", tmp_path / "shown.png"
    train = ["generate", "train", "--data", "digits+labels", "--hidden", 16, 5, "--epochs", 2]
    train += ["--batch-size", 50, "--modalities", "64,12", "10,4", "--out", run]
    said = " ".join(apical(*train).split())
    assert "modalities=reads:64,12/reads:10,4 on digits+labels: " in said
    assert "going on after epoch 2 of 2" in apical(*train, "--resume")
    apical("generate", "sample", run, "--count", 4, "--out", out)
    assert np.asarray(Image.open(out)).shape == (58, 4 * 57 + 1)
    for missing in ("left", "all"):
        apical("generate", "inpaint", run, "--missing", missing, "--count", 4, "--out", out)
        assert np.asarray(Image.open(out)).shape == (3 * 57 + 1, 4 * 57 + 1)
    classifier = tmp_path / "bp"
    apical("train", "bp", "--data", "digits", "--hidden", 16, "--epochs", 1, "--out", classifier)
    words = ["--samples", 300, "--classifier", classifier]
    assert "confidence" in apical("generate", "evaluate", run, *words)
    told = " ".join(apical("train", "bp", "--data", "digits+labels", code=2).split())
    assert "digits+labels has the labels among its inputs" in told


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["generate", "train", "target-autoencodr"], "did you mean 'target-autoencoder'?"),
        (["generate", "train", "target-autoencoder", "--noise", "-1"], "noise: must be 0 or more"),
        (["generate", "train", "target-autoencoder", "--steps", "3"], "--steps"),
        (["evaluate", "RUN"], "use `apical generate evaluate RUN`"),
        (["attack", "RUN"], "use `apical generate evaluate RUN`"),
        (["predict", "RUN", "x.png"], "use `apical generate evaluate RUN`"),
        (["generate", "smaple", "RUN"], "did you mean 'sample'?"),
        (["generate", "sample", "/nowhere"], "not found"),
        (["generate", "sample", "RUN", "--seed", "7"], "has the seeds [0, 1], not 7"),
        (["generate", "sample", "RUN", "--out", "x.gif"], "must end in .png"),
        (["generate", "sample", "RUN", "--count", "0"], "count: must be 1 or more, got 0"),
        (["generate", "inpaint", "RUN", "--missing", "lfet"], "did you mean 'left'?"),
        (["generate", "inpaint", "RUN", "--count", "-1"], "count: must be 1 or more, got -1"),
        (["generate", "evaluate", "RUN", "--samples", "5000"], "ask for 1079 at most"),
        (["generate", "evaluate", "RUN", "--classifier", "RUN"], "holds a generative model"),
        (["generate", "evaluate", "RUN", "--samples", "0"], "samples: must be 1 or more, got 0"),
        (["generate", "evaluate", "RUN", "--draw", "-1"], "draw: must be 0 or more and below 2^31"),
        (
            ["generate", "sample", "RUN", "--draw", "9999999999"],
            "draw: must be 0 or more and below",
        ),
        (["generate", "inpaint", "RUN", "--draw", "-1"], "draw: must be 0 or more and below 2^31"),
        (["generate", "train", "--stages", "from:1"], "must begin at epoch 0"),
        (["generate", "train", "--trace-steps", "100000"], "trace_steps: must be 10000 or less"),
        (["generate", "train", "--stages", "3,x"], "expected float, got 'x'"),
        (["generate", "train", "--top", "softplus"], "use sigmoid"),
        (["generate", "train", "--optimizer", "sdg"], "did you mean 'sgd'?"),
        (["generate", "train", "--schedule", "hold:2"], "share of hold"),
        (["generate", "train", "--modalities", "784,x"], "units: expected int, got 'x'"),
        (
            ["generate", "train", "--modalities", "784,990", "10,10"],
            "modalities: read 784 + 10 = 794 inputs, and the data have 784",
        ),
    ],
)
def test_mistakes_get_one_readable_message_and_code_2(made, args, words):
    args = [made if arg == "RUN" else arg for arg in args]
    assert words.replace("RUN", str(made)) in " ".join(apical(*args, code=2).split())
