"""Networks whose first layer begins as the encoder of a trained autoencoder."""

import json
import shutil

import numpy as np
import pytest

from apical import BP, DTP, EncoderOf, IteratedTargetProp, TargetAutoencoder, UsageError, fit
from apical.generative import encoder_of
from apical.generative.reload import reload as reload_model
from apical.networks.activations import sigmoid, tanh
from apical.networks.layers import Fc
from apical.runs.folder import RunFolder
from apical.settings import Settings
from apical.training.events import Epoch
from apical.training.reload import reload
from apical.training.task import Task
from tests.generative.tiny import SMALL
from tests.training.small import bits, timeless

NETWORK = Settings(hidden=(Fc(8), Fc(5)), activation=sigmoid, batch_size=30, epochs=3)


@pytest.fixture(scope="module")
def made(blobs, tmp_path_factory):
    """A run of two seeds, and its models."""
    run = tmp_path_factory.mktemp("runs") / "made"
    return run, TargetAutoencoder(8).fit(blobs, seeds=2, out=run, **SMALL).models


def net(blobs, source, seed=0, rule=BP(), settings=NETWORK):
    return Task(rule, blobs, settings, init_from=source).begin(seed).net


@pytest.mark.parametrize("rule", [BP(), DTP()])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_first_layer_is_the_encoder_of_its_seed_and_all_else_is_as_ever(
    made, blobs, rule, seed
):
    run, models = made
    begun, drawn = net(blobs, EncoderOf(run), seed, rule), net(blobs, None, seed, rule)
    assert bits(begun.layers[0]) == bits(models[seed].stack.encoders[0])
    assert bits(begun.layers[1:]) == bits(drawn.layers[1:])
    x = blobs.test.x[:4].reshape(4, -1) / 255
    np.testing.assert_allclose(begun.layers[0](x), models[seed].infer(blobs.test.x[:4])[0], 1e-5)


def test_a_run_of_one_seed_serves_all_and_a_folder_of_runs_each(made, blobs, tmp_path):
    run, _ = made
    single = tmp_path / "seed-4"
    one = TargetAutoencoder(8).fit(blobs, seed=4, out=single, **SMALL).models[4]
    for seed in (0, 1):
        found = net(blobs, EncoderOf(single), seed).layers[0]
        assert bits(found) == bits(one.stack.encoders[0])
    assert bits(net(blobs, EncoderOf(tmp_path), 4).layers[0]) == bits(one.stack.encoders[0])
    with pytest.raises(UsageError, match="has the seeds 0 to 1, not 2; train more of it"):
        net(blobs, EncoderOf(run), 2)
    with pytest.raises(UsageError, match="not found; expected the folder of a run"):
        net(blobs, EncoderOf(tmp_path), 5)


def test_any_model_without_labels_may_be_the_source(blobs, tmp_path):
    model = IteratedTargetProp((8, 4), activation=sigmoid)
    made = model.fit(blobs, out=tmp_path / "run", **SMALL).models[0]
    found = net(blobs, EncoderOf(tmp_path / "run")).layers[0]
    assert bits(found) == bits(made.stack.encoders[0])


def test_the_run_tells_where_it_came_from_and_goes_on_bit_for_bit(made, blobs, tmp_path):
    run, _ = made
    whole = fit(BP(), blobs, NETWORK, seeds=2, out=tmp_path / "whole", init_from=EncoderOf(run))
    seen = []

    def interrupt(event):
        if isinstance(event, Epoch) and event.number > 0:
            seen.append(event)
            if len(seen) == 4:
                raise KeyboardInterrupt

    part = tmp_path / "part"
    again: dict = {"seeds": 2, "init_from": EncoderOf(run)}
    fit(BP(), blobs, NETWORK, out=part, listeners=[interrupt], **again)
    done = fit(BP(), blobs, NETWORK, out=part, resume=True, **again)
    assert bits(whole.networks) == bits(done.networks)
    for name in ("metrics.jsonl", "initial.jsonl"):
        rows = [RunFolder(tmp_path / r).rows(name) for r in ("whole", "part")]
        assert timeless(rows[0]) == timeless(rows[1])
    told = json.loads((part / "config.json").read_text())["init_from"]
    assert sorted(told) == ["0", "1"]
    assert told["1"]["run"] == str(run)
    assert (told["1"]["seed"], told["1"]["epochs"]) == (1, 3)
    assert told["1"]["model"] == "target-autoencoder:8"
    assert told["0"]["digest"] != told["1"]["digest"]
    assert "commit" in told["0"]
    drawn = fit(BP(), blobs, NETWORK, seeds=2)
    assert timeless(drawn.metrics) != timeless(whole.metrics)
    with pytest.raises(UsageError, match=r"another configuration: init_from\.0\."):
        fit(BP(), blobs, NETWORK, seeds=2, out=part, resume=True)


def test_a_run_goes_on_from_a_source_that_has_been_moved(blobs, tmp_path):
    source, moved, out = (tmp_path / name for name in ("made", "moved", "run"))
    TargetAutoencoder(8).fit(blobs, out=source, **SMALL)
    begun = fit(BP(), blobs, NETWORK, out=out, init_from=EncoderOf(source), epochs=2)
    source.rename(moved)
    whole = fit(BP(), blobs, NETWORK, init_from=EncoderOf(moved))
    gone_on = fit(BP(), blobs, NETWORK, out=out, resume=True, init_from=EncoderOf(moved))
    assert bits(begun.networks) != bits(gone_on.networks) == bits(whole.networks)
    with pytest.raises(UsageError, match=r"made.*not found"):
        fit(BP(), blobs, NETWORK, out=out, resume=True, init_from=EncoderOf(source))


def test_an_encoder_is_read_once_a_seed(made, blobs, tmp_path, monkeypatch):
    read = []

    def counted(path, data):
        read.append(path)
        return reload_model(path, data)

    monkeypatch.setattr(encoder_of, "reload", counted)
    fit(BP(), blobs, NETWORK, seeds=2, out=tmp_path / "run", init_from=EncoderOf(made[0]))
    assert len(read) == 2


def test_another_encoder_at_the_same_place_is_another_run(blobs, tmp_path):
    source, out = tmp_path / "made", tmp_path / "run"
    TargetAutoencoder(8).fit(blobs, out=source, **SMALL)
    fit(BP(), blobs, NETWORK, out=out, init_from=EncoderOf(source))
    TargetAutoencoder(8).fit(blobs, out=source, overwrite=True, lr=0.2, **SMALL)
    with pytest.raises(UsageError, match=r"another configuration: init_from.0.digest \(there"):
        fit(BP(), blobs, NETWORK, out=out, resume=True, init_from=EncoderOf(source))


def test_a_finished_network_needs_its_source_no_longer(blobs, tmp_path):
    source, out = tmp_path / "made", tmp_path / "run"
    TargetAutoencoder(8).fit(blobs, out=source, **SMALL)
    result = fit(BP(), blobs, NETWORK, out=out, seed=3, init_from=EncoderOf(source))
    shutil.rmtree(source)
    _, models = reload(out, blobs)
    assert bits(models[3].network) == bits(result.networks[0])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hidden": (7,)}, "leads from 16 inputs to 8 units, .* is fc:7 on 16 .*use hidden 8"),
        ({"hidden": ()}, "the first hidden layer is none; use hidden 8"),
        ({"hidden": ("lc:3x3,2",)}, "the first hidden layer is lc:3x3,2"),
        ({"activation": tanh}, "are sigmoid, and those of .* tanh; use activation sigmoid"),
        ({"bias": False}, "has biases, and the network none"),
        ({"preprocessing": "standardise"}, "preprocessed by scale, .* use preprocessing scale"),
    ],
)
def test_a_network_that_it_does_not_fit_is_refused(made, blobs, tmp_path, changes, words):
    with pytest.raises(UsageError, match=f"^init_from: .*{words}"):
        fit(BP(), blobs, NETWORK, out=tmp_path / "run", init_from=EncoderOf(made[0]), **changes)
    assert not (tmp_path / "run").exists()


def test_other_data_unfinished_runs_and_other_runs_are_refused(made, blobs, tmp_path):
    with pytest.raises(UsageError, match=r"was trained on other data .*train both on the same"):
        net(blobs.limit(20), EncoderOf(made[0]))

    def interrupt(event):
        if isinstance(event, Epoch) and event.number == 1:
            raise KeyboardInterrupt

    TargetAutoencoder(8).fit(blobs, out=tmp_path / "begun", listeners=[interrupt], **SMALL)
    with pytest.raises(UsageError, match=r"is an unfinished run .*after 1 of 3 epochs; end it by"):
        net(blobs, EncoderOf(tmp_path / "begun"))
    fit(BP(), blobs, NETWORK, out=tmp_path / "other")
    with pytest.raises(UsageError, match="holds networks that a rule trained"):
        net(blobs, EncoderOf(tmp_path / "other"))
    given: dict = {"init_from": "runs/made"}
    with pytest.raises(UsageError, match="init_from: must be the encoder of a run, as apical"):
        fit(BP(), blobs, NETWORK, **given)
