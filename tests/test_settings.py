"""Settings and the values they are made of: read by their annotations, stored, compared."""

import dataclasses
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any, Optional

import numpy as np
import pytest

import apical
from apical.networks import activations
from apical.networks.activations import Activation, Relu, relu, sigmoid, softmax, tanh
from apical.networks.initialisers import Glorot, Uniform
from apical.networks.layers import Conv, Fc, LayerSpec, Lc
from apical.networks.losses import CrossEntropy, Loss, SquaredError
from apical.networks.transmission import Sign
from apical.settings import Settings
from apical.settings.partial_batches import Wrap
from apical.settings.schedules import Cosine
from apical.settings.turns import ByEpoch
from apical.values.spelling import encode
from apical.values.value import Value, concrete, finals, parse, read

ROOT = Path(__file__).parents[1]


def test_settings_are_read_back():
    ours = Settings(
        hidden=(Lc((3, 3), 4, 2), Fc(5, Sign())), activation=relu, output=sigmoid,
        loss=SquaredError(), schedule=Cosine(), alternate=ByEpoch(), partial_batch=Wrap(),
        optimizer_args={"b1": 0.5}, init=Uniform(0.2),
    )  # fmt: skip
    stored = json.loads(json.dumps(ours.to_json()))
    assert Settings.from_json(stored) == ours
    assert hash(Settings.from_json(stored)) == hash(ours)


def test_settings_of_earlier_files_are_read():
    """Activations, schedules, turns and part batches were names, layers in two fields."""
    spelled = {
        "hidden": [500, 400], "net": [], "activation": "tanh", "output": "softmax",
        "loss": {"type": "CrossEntropy"}, "schedule": "cosine", "alternate": "epoch",
        "partial_batch": "wrap", "learned_optimizer": None,
    }  # fmt: skip
    assert Settings.from_json(spelled) == Settings(
        hidden=(Fc(500), Fc(400)), activation=tanh, output=softmax, schedule=Cosine(),
        alternate=ByEpoch(), partial_batch=Wrap(),
    )  # fmt: skip
    stack = [{"type": "Conv", "kernel": [3, 3], "channels": 8}, encode(Fc(7))]
    found = Settings.from_json({"hidden": [500], "net": stack, "alternate": None})
    assert found.hidden == (Conv((3, 3), 8), Fc(7))
    assert found.alternate is None
    committed = json.loads((ROOT / "docs/results/mnist/bp/config.json").read_text())
    assert Settings.from_json(committed["settings"]).hidden == (Fc(500), Fc(500))


def test_a_setting_that_there_is_not_is_a_mistake():
    with pytest.raises(TypeError, match="momentum"):
        Settings.from_json({"momentum": 0.9})


@pytest.mark.parametrize(
    ("cls", "given", "words"),
    [
        (Uniform, {"limit": "x"}, "limit of uniform: must be a number, got 'x'"),
        (Fc, {"units": 2.5}, "units of fc: must be a whole number, got 2.5"),
        (Fc, {"units": 5, "sends": 3}, r"sends of fc: must be a transmission \(.*\), got 3"),
        (Fc, {"units": 5, "sends": "sing"}, "sends of fc: there is no 'sing'; did you mean 'sign'"),
        (Lc, {"kernel": 3, "channels": 4}, "kernel of lc: must be a list, got 3"),
        (Lc, {"kernel": [3, "x"], "channels": 4}, r"kernel\[1\] of lc: must be a whole number"),
        (Settings, {"hidden": [Fc]}, r"hidden\[0\]: Fc is a class, and its units is missing"),
        (Settings, {"hidden": ["fc:x"]}, r"hidden\[0\]: fc:x: units: expected int, got 'x'"),
        (Settings, {"loss": Loss}, r"loss: must be a loss \(.*\), got <class"),
        (Settings, {"clip_norm": "x"}, "clip_norm: must be a number, got 'x'"),
        (Settings, {"lr": [*range(10**4)]}, "lr: must be a number, got"),
    ],
)
def test_what_does_not_fit_a_field_is_told_where_the_value_is_made(cls, given, words):
    with pytest.raises(apical.UsageError, match=words) as told:
        cls(**given)
    assert len(str(told.value)) < 200


@pytest.mark.parametrize(
    ("cls", "given", "plain"),
    [
        (Fc, {"units": np.int32(5), "sends": "sign"}, Fc(5, Sign())),
        (Fc, {"units": 5, "sends": Sign}, Fc(5, Sign())),
        (Lc, {"kernel": [3, 3], "channels": 4}, Lc((3, 3), 4)),
        (Settings, {"hidden": [7], "bias": np.bool_(True)}, Settings(hidden=(Fc(7),))),
        (Settings, {"clip_norm": None, "lr": np.float64(0.5)}, Settings(lr=0.5)),
    ],
)
def test_what_fits_is_taken(cls, given, plain):
    assert cls(**given) == plain
    assert encode(cls(**given)) == encode(plain)


def test_texts_are_read_for_an_annotation():
    assert read(float | None, None, "lr") is None
    assert read(Loss, "squared-error", "loss") == SquaredError()
    assert parse(LayerSpec, "7") == Fc(7)
    switch = {"nesterov": True}
    assert Settings(optimizer_args=switch).optimizer_args == switch


class Strangers(Value):
    """Annotations as others write them."""

    perhaps: Optional[int] = None  # noqa: UP045
    either: int | float | str = 1
    anything: Any = None


def test_what_annotations_say_nothing_of_is_left_alone():
    ours = Strangers(either="x", anything=[1])
    assert (ours.perhaps, ours.either, ours.anything) == (None, "x", [1])
    with pytest.raises(apical.UsageError, match="perhaps of strangers: must be a whole number"):
        Strangers(perhaps="x")  # type: ignore[arg-type]


def test_values_are_equal_if_class_and_fields_are():
    assert Uniform(0.1) == Uniform(0.1) != Uniform(0.2)
    assert Glorot() == Glorot() != CrossEntropy()
    assert len({Uniform(0.1), Uniform(0.1), Uniform(0.2), relu, Relu()}) == 3
    assert Settings() == dataclasses.replace(Settings())


def test_no_two_values_share_the_name_that_files_know_them_by():
    names = Counter(cls.__name__ for cls in finals(Value) if cls.__module__.startswith("apical."))
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("activation", [cls() for cls in concrete(Activation).values()], ids=str)
def test_activations_stay_within_what_they_say(activation):
    a = np.linspace(-30, 30, 200, dtype=np.float32)
    h = np.asarray(activation(a))
    assert activation.lowest <= h.min()
    assert h.max() <= activation.highest
    for bound, found in ((activation.lowest, h.min()), (activation.highest, h.max())):
        assert math.isinf(bound) or activation.couples or abs(found - bound) < 1e-6
    alone = np.concatenate([activation(x[None]) for x in a])
    assert activation.couples == (not np.allclose(h, alone))
    assert getattr(activations, activation.name) == activation
