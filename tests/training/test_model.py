"""A trained model answers raw examples, wherever it comes from: memory, a run's folder, a file."""

import itertools
import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apical import BP, Model, Settings, UsageError, fit, from_arrays, load_model
from apical.data import Standardise
from apical.errors import DataError
from tests.training.small import SMALL

NAMES = np.array(["cat", "dog", "emu"])


@pytest.fixture(scope="module")
def named(blobs):
    """The blobs with texts as labels and a preprocessing of its own."""
    pairs = [(s.x.astype(np.float32), NAMES[s.y]) for s in blobs.splits]
    train, validation, test = pairs
    return from_arrays(
        *train, validation=validation, test=test, name="animals", preprocessing=Standardise()
    )


@pytest.fixture(scope="module")
def trained(named, tmp_path_factory):
    """(run, result) of two seeds, at so high a rate that the best epoch is not the last."""
    run = tmp_path_factory.mktemp("runs") / "run"
    settings: dict[str, Any] = {**SMALL, "epochs": 4, "lr": 0.05}
    return run, fit(BP(), named, seeds=2, out=run, **settings)


def test_it_predicts_labels_as_they_were_given(named, trained):
    model, x, y = trained[1].models[1], named.test.x, NAMES[named.test.y]
    found, probabilities = model.predict(x), model.predict_proba(x)
    assert set(found) <= set(NAMES)
    np.testing.assert_array_equal(found, NAMES[probabilities.argmax(axis=1)])
    np.testing.assert_allclose(probabilities, model(x), atol=1e-6)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    told = model.evaluate(x, y)
    assert told["accuracy"] == pytest.approx(np.mean(found == y))
    summary = trained[1].summary
    assert told["accuracy"] == pytest.approx(summary["test_accuracy"]["list"][1])
    assert told["loss"] == pytest.approx(summary["test_loss"]["list"][1], rel=1e-5)
    confusion = model.confusion(x, y)
    assert confusion.sum(axis=1).tolist() == [20, 20, 20]
    assert np.trace(confusion) == np.sum(found == y)
    turned = np.roll(NAMES, 1)[named.test.y]  # labels that it must get wrong
    for i, j in itertools.product(range(3), repeat=2):
        count = np.sum((turned == NAMES[i]) & (found == NAMES[j]))
        assert model.confusion(x, turned)[i, j] == count


def test_integers_stay_integers(blobs):
    model = fit("bp", blobs, **SMALL).models[0]
    assert model.predict(blobs.test.x[:3]).dtype.kind == "i"
    train, _, test = ((split.x, split.y * 10 + 5) for split in blobs.splits)
    again = from_arrays(*train, validation=0, test=test)
    assert set(fit("bp", again, **SMALL).models[0].predict(blobs.test.x)) <= {5, 15, 25}


def test_features_are_the_activity_of_a_layer(named, trained):
    model, x = trained[1].models[0], named.test.x[:7]
    record = model.network.record(model.transform(x))
    for layer, index in ((1, 1), (-2, 1), (2, 2), (-1, 2)):
        np.testing.assert_allclose(
            model.features(x, layer), record.activities[index], rtol=1e-5, atol=1e-6
        )
    np.testing.assert_array_equal(model.features(x), model.features(x, layer=1))


def test_any_number_of_examples_is_answered_alike(named, trained):
    model, x = trained[1].models[0], named.train.x
    many = np.concatenate([x] * 4)  # more than a chunk
    np.testing.assert_allclose(model.outputs(many), np.asarray(model(many)), atol=1e-6)
    assert model.predict(x[:0]).shape == (0,)


@pytest.mark.parametrize("network", ["last", "best"])
def test_a_run_is_loaded_without_its_data(named, trained, network):
    run, result = trained
    for seed, model in result.models.items():
        again = load_model(run, seed=seed, network=network)
        assert again.shape == (4, 4)
        assert again.classes == tuple(NAMES)
        if network == "last":
            np.testing.assert_array_equal(again(named.test.x), model(named.test.x))
            np.testing.assert_array_equal(again.predict(named.test.x), model.predict(named.test.x))
        else:
            best = result.summary["best_validation"]
            scored = again.evaluate(named.validation.x, NAMES[named.validation.y])
            assert again.epoch == best["epoch"][seed]
            assert scored["accuracy"] == pytest.approx(best["val_accuracy"]["list"][seed])
    assert load_model(run).epoch == 4


def test_a_file_holds_all_of_it_under_names_and_without_pickle(named, trained, tmp_path):
    from safetensors import safe_open

    model, path = trained[1].models[0], tmp_path / "folder" / "animals.safetensors"
    model.save(path)
    again = Model.load(path)
    np.testing.assert_array_equal(again(named.test.x), model(named.test.x))
    np.testing.assert_array_equal(again.predict(named.test.x), model.predict(named.test.x))
    assert again.epoch == model.epoch
    with safe_open(path, framework="numpy") as file:
        assert set(file.keys()) == {*model.weights, "preprocessing.shift", "preprocessing.scale"}
        told = json.loads(file.metadata()["apical"])
    assert told["classes"] == ["cat", "dog", "emu"]
    assert told["rule"] == {"type": "BP"}
    assert set(model.weights) == {
        "layer1.weight", "layer1.bias", "layer2.weight", "layer2.bias",
    }  # fmt: skip
    model.weights["layer1.weight"][:] = 0  # a copy
    weights = model.weights
    hidden = np.tanh(
        np.asarray(model.transform(named.test.x)).reshape(60, -1) @ weights["layer1.weight"].T
        + weights["layer1.bias"]
    )
    np.testing.assert_allclose(hidden, model.features(named.test.x, 1), atol=1e-5)
    model.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    "hidden", [("lc:3x3,2", "conv:2x2,3", 5), ("fc:6,sign", 5), ()], ids=["images", "signs", "none"]
)
def test_every_kind_of_layer_is_saved(blobs, tmp_path, hidden):
    settings: dict[str, Any] = {"hidden": hidden, "epochs": 1, "batch_size": 30}
    model = fit("bp", blobs, steps_per_epoch=1, **settings).models[0]
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(Model.load(tmp_path / "model")(blobs.test.x), model(blobs.test.x))


def test_sigmoid_outputs_share_one_and_squared_error_gives_none(blobs):
    settings = Settings(**SMALL).changed({"loss": "binary-cross-entropy", "epochs": 1}, "")
    many = fit("bp", blobs, settings).models[0]
    shares = many.predict_proba(blobs.test.x)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
    outputs = np.asarray(many(blobs.test.x))
    np.testing.assert_allclose(shares, outputs / outputs.sum(1, keepdims=True), atol=1e-6)
    two = fit("bp", blobs.select([0, 1]), settings).models[0]
    p = np.asarray(two(blobs.test.x))
    np.testing.assert_allclose(two.predict_proba(blobs.test.x), np.hstack([1 - p, p]), atol=1e-6)
    squared = fit("bp", blobs, settings, loss="squared-error").models[0]
    assert squared.predict(blobs.test.x).shape == (60,)
    with pytest.raises(UsageError, match="identity outputs are no probabilities; call the model"):
        squared.predict_proba(blobs.test.x)


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda m, x: m.predict(x[0]), r"x: must be raw examples of shape \(n, 4, 4\), got"),
        (lambda m, x: m.predict(x * np.nan), "x: has NaN or infinite values, the first in example"),
        (lambda m, x: m.predict(x.astype(str)), "x: must be numbers, got <U"),
        (lambda m, x: m.features(x, layer=3), "layer: the network has the layers 1 to 2"),
        (lambda m, x: m.features(x, layer=0), "layer: the network has the layers 1 to 2"),
        (lambda m, x: m.features(x, layer="top"), "layer: must be a whole number, got 'top'"),
        (lambda m, x: m.evaluate(x, ["cat"]), "y: must be one label for each of the 60 examples"),
        (lambda m, x: m.evaluate(x, ["bird"] * 60), "y: 'bird' is none of the model's 3 labels"),
        (lambda m, x: m.confusion(x, [0] * 60), r"y: 0 is none of the model's 3 labels \(cat, dog"),
    ],
)  # fmt: skip
def test_wrong_examples_are_one_line(named, trained, ask, says):
    with pytest.raises(UsageError, match=says) as error:
        ask(trained[1].models[0], named.test.x)
    assert "\n" not in str(error.value)


def test_a_network_that_was_not_trained_to_name_classes_says_so(blobs):
    settings = {**SMALL, "target": "input", "loss": "squared-error", "epochs": 1}
    model = fit("bp", blobs, **settings).models[0]
    with pytest.raises(UsageError, match="predict: the network was trained towards the input"):
        model.predict(blobs.test.x)
    assert model.features(blobs.test.x).shape == (60, 8)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"seed": 7}, r"seed: .* has the seeds \[0, 1\], not 7"),
        ({"seed": "0"}, r"seed: .* has the seeds \[0, 1\], not '0'"),
        ({"network": "first"}, "network: there is no 'first'; known: best, last"),
    ],
)
def test_a_wrong_question_about_a_run_is_one_line(trained, options, says):
    with pytest.raises(UsageError, match=says):
        load_model(trained[0], **options)


def test_no_run_and_no_network_are_named(trained, tmp_path):
    with pytest.raises(UsageError, match=r"nowhere.config.json: not found; expected the folder"):
        load_model(tmp_path / "nowhere")
    file = tmp_path / "model.safetensors"
    trained[1].models[0].save(file)
    with pytest.raises(UsageError, match=r"is a file, .* is read by apical.Model.load"):
        load_model(file)
    record = copy(trained[0], tmp_path)
    shutil.rmtree(record / "checkpoints")
    with pytest.raises(UsageError, match="holds no network"):
        load_model(record)


def test_a_run_that_has_not_ended_warns_and_a_seed_that_has_not_begun_is_refused(trained, tmp_path):
    run = copy(trained[0], tmp_path)
    (run / "summary.json").unlink()
    with pytest.warns(UserWarning, match="is an unfinished run .* seed 0 after 4 of 4 epochs"):
        load_model(run)
    shutil.rmtree(run / "checkpoints" / "seed-1")
    with pytest.raises(UsageError, match=r"has no network of seed 1 yet, only of \[0\]"):
        load_model(run, seed=1)


def test_damaged_inputs_are_named_and_those_of_an_older_run_are_found(blobs, tmp_path):
    import apical

    data = apical.load("digits")
    result = fit("bp", data, hidden=(8,), epochs=1, out=tmp_path / "run")
    inputs = tmp_path / "run" / "checkpoints" / "inputs.npz"
    inputs.write_bytes(inputs.read_bytes()[:50])
    with pytest.raises(DataError, match=r"inputs.npz: expected the preprocessing of a run, cannot"):
        load_model(tmp_path / "run")
    inputs.unlink()  # as runs were before
    again = load_model(tmp_path / "run")
    np.testing.assert_array_equal(again(data.test.x), result.models[0](data.test.x))


@pytest.mark.parametrize("damage", ["cut", "header", "missing", "shape", "newer", "text"])
def test_a_damaged_file_is_one_line(trained, tmp_path, damage):
    from safetensors.numpy import save_file

    path = tmp_path / "model.safetensors"
    model = trained[1].models[0]
    model.save(path)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-8])
    elif damage == "text":
        path.write_text("no model")
    else:
        arrays, header = dict(model.weights), told(path)
        arrays |= {"preprocessing.shift": np.zeros(1), "preprocessing.scale": np.ones(1)}
        if damage == "missing":
            del arrays["layer2.bias"]
        if damage == "shape":
            arrays["layer2.bias"] = np.zeros(4, np.float32)
        if damage == "newer":
            header["version"] = 2
        metadata = None if damage == "header" else {"apical": json.dumps(header)}
        save_file(arrays, path, metadata)
    with pytest.raises(UsageError, match=rf"^{path}: ") as error:
        Model.load(path)
    assert "\n" not in str(error.value)
    with pytest.raises(UsageError, match=r"not found; expected a file that Model.save wrote"):
        Model.load(tmp_path / "nowhere")


def copy(run: Path, to: Path) -> Path:
    return Path(shutil.copytree(run, to / "copy"))


def told(path: Path) -> dict[str, Any]:
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        return json.loads(file.metadata()["apical"])


def test_loading_a_finished_run_warns_of_nothing(trained):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_model(trained[0])
