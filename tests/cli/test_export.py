"""`apical export`: files that other programs read answer as the model does."""

import json
from typing import Any

import numpy as np
import pytest

import apical
from tests.commands import apical as command

STACKS: dict[str, dict[str, Any]] = {
    "full": {"hidden": (12,)},
    "images": {"hidden": ("lc:3x3,2,s2", "conv:3x3,3", 6), "activation": "relu"},
    "signs": {"hidden": ("fc:9,sign", 5)},
    "one unit": {"hidden": (5,), "loss": "binary-cross-entropy", "activation": "sigmoid"},
    "autoencoder": {"hidden": (5,), "loss": "squared-error", "target": "input"},
}


@pytest.fixture(scope="module", params=STACKS)
def run(request, tmp_path_factory, blobs):
    """(folder, model): two classes where one unit is to tell them apart."""
    data = blobs.select([0, 1]) if request.param == "one unit" else blobs
    folder = tmp_path_factory.mktemp("runs") / "run"
    options: dict[str, Any] = {"epochs": 1, "batch_size": 30, "preprocessing": "standardise"}
    options |= STACKS[request.param]
    return folder, apical.fit("bp", data, out=folder, **options).models[0]


def expected(model, x):
    outputs = np.asarray(model(x))
    return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs


def test_onnx_answers_raw_examples(run, blobs, tmp_path):
    pytest.importorskip("jax2onnx")
    runtime = pytest.importorskip("onnxruntime")
    folder, model = run
    path = tmp_path / "model.onnx"
    assert f"wrote: {path}" in command("export", folder, "--format", "onnx", "--out", path)
    session = runtime.InferenceSession(path)
    for x in (blobs.test.x, blobs.test.x[:1]):
        (scores,) = session.run(["scores"], {"x": x.astype(np.float32)})
        np.testing.assert_allclose(scores, expected(model, x), atol=1e-5)
    told = session.get_modelmeta().custom_metadata_map["classes"]
    assert json.loads(told) == list(model.classes)


def test_stablehlo_answers_without_apical(run, blobs):
    from jax import export

    folder, model = run
    assert "wrote: " in command("export", folder, "--format", "stablehlo", "--overwrite")
    exported = export.deserialize((folder / "model.stablehlo").read_bytes())
    assert exported.platforms == ("cpu", "cuda", "tpu")
    for x in (blobs.test.x, blobs.test.x[:1]):
        found = exported.call(x.astype(np.float32))
        np.testing.assert_allclose(found, expected(model, x), atol=1e-6)


def test_safetensors_is_what_a_model_is_loaded_from(run, blobs):
    folder, model = run
    command("export", folder, "--overwrite")
    again = apical.Model.load(folder / "model.safetensors")
    np.testing.assert_array_equal(again(blobs.test.x), model(blobs.test.x))


def test_what_cannot_be_exported_is_one_line(blobs, tmp_path):
    folder = tmp_path / "run"
    settings: dict[str, Any] = {"hidden": ("fc:5,bernoulli",), "activation": "sigmoid"}
    settings |= {"epochs": 1, "batch_size": 30}
    apical.fit("bp", blobs, out=folder, **settings)
    said = command("export", folder, "--format", "onnx", code=2)
    assert said.startswith("apical: format: units of this network send samples")
    command("export", folder)
    said = command("export", folder, code=2)
    assert f"{folder}/model.safetensors: is there already; name another file with --out" in said
    for place in (tmp_path, "."):
        said = command("export", folder, "--out", place, "--overwrite", code=1)
        assert "is a folder; name a file in it" in said
    assert "seed: " in command("export", folder, "--seed", 3, "--overwrite", code=2)
    assert "safetensors, stablehlo" in command("export", folder, "--format", "tflite", code=2)
    # what is exported into a run's folder does not keep it from being gone on with
    apical.fit("bp", blobs, out=folder, resume=True, **settings)
