"""What is measured on finished runs of the fifth paper's model, and its figures, on a tiny one."""

import csv
import json
import shutil
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from matplotlib.figure import Figure

import apical
from apical import IteratedTargetProp
from apical.data import load
from apical.diagnostics.inversion import agreement
from apical.generative.estimators import TrueGradient
from apical.generative.inference import infer, observed
from apical.generative.judge import Judge
from apical.generative.modalities import Reads
from apical.generative.references import drawn_again, gaussian
from apical.generative.reload import reload
from apical.generative.stages import From
from apical.papers.iterated_target_prop import figures, search
from apical.papers.iterated_target_prop.examinations import (
    ALPHAS,
    TRUE_DELTA,
    Ascent,
    Completion,
    EstimatorCheck,
    References,
    Samples,
    StepsInUse,
    _judge,
)
from apical.papers.iterated_target_prop.experiments import questions
from apical.papers.iterated_target_prop.stdp import STDP
from apical.reproduce.evidence import Evidence
from apical.reproduce.examination import Examined
from apical.training.reload import reload_classifiers
from apical.training.selection import Last

COUNT = 60
ALONG = 4
EXAMINED = (
    Ascent(ALONG), EstimatorCheck((0.0, 0.3)), Samples(COUNT), References(COUNT),
    StepsInUse(COUNT, (1, 3)),
)  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A judge and the model on the small digits, each examined."""
    root = tmp_path_factory.mktemp("paper")
    apical.fit(apical.BP(), "digits", hidden=(16,), epochs=2, out=root / "classifier" / "seed-0")
    model = apical.IteratedTargetProp((12, 6), steps=3)
    model.fit("digits", epochs=1, out=root / "reference" / "seed-0")
    for examination in EXAMINED:
        Examined(examination, root / "reference" / "seed-0").execute()
    return root


@pytest.fixture(scope="module")
def both(root):
    """The folder of a run on the small digits and their labels."""
    run, parts = root / "labels" / "seed-0", (Reads(64, 12), Reads(10, 4))
    model = apical.IteratedTargetProp((16, 6), steps=3, alpha=0.2, modalities=parts)
    model.fit("digits+labels", epochs=6, out=run)
    return run


@pytest.fixture(scope="module")
def completed(both):
    """The same, each modality filled in by the other."""
    Examined(Completion(2), both).execute()
    return both


@pytest.fixture(scope="module")
def trained(root):
    _, models = reload(root / "reference" / "seed-0")
    return models[0]


def found(root, name):
    return json.loads((root / "reference" / "seed-0" / f"{name}.json").read_text())


def test_the_ascent_is_that_of_the_models_inference(root, trained):
    told, raw = found(root, "inference"), trained.data.test.x
    by_gradients = {"estimator": TrueGradient(), "delta": TRUE_DELTA, "alpha": ALPHAS["paper"]}
    ways: dict[str, dict[str, Any]] = {name: {"alpha": alpha} for name, alpha in ALPHAS.items()}
    for name, changes in {**ways, "true_gradient": by_gradients}.items():
        by = replace(trained, model=replace(trained.model, steps=ALONG, **changes))
        np.testing.assert_allclose(told[name]["last"], by.log_joint(raw).mean(), rtol=1e-5)
        curve = told[name]["curve"]
        assert len(curve) == ALONG + 1
        assert told[name]["first"] == curve[0]
        assert told[name]["least_step"] == pytest.approx(min(np.diff(curve)))
    better = told["true_gradient"]["last"] - told["paper"]["last"]
    assert told["better_by_true_gradient"] == pytest.approx(better)


def test_the_estimator_is_measured_where_h_is_inferred_and_noisy(root, trained):
    told, raw = found(root, "estimator"), trained.data.test.x
    x, stack = jnp.asarray(trained.rows(raw)), trained.stack
    h = trained.model.infer(stack, x)
    layers = zip(stack.encoders, stack.decoders, (x, *h[:-1]), h, strict=True)
    for l, (f, g, below, a) in enumerate(layers):
        noise = jax.random.normal(jax.random.key(0), a.shape)
        for i, sigma in enumerate(told["noises"]):
            cosine, scale = agreement(f, g, below, a + sigma * noise)
            assert told["cosine"][i][l] == pytest.approx(float(jnp.nanmean(cosine)), rel=1e-4)
            assert told["scale"][i][l] == pytest.approx(float(jnp.nanmedian(scale)), rel=1e-4)
    assert told["cosine"][0] != told["cosine"][1]


def test_samples_are_judged_without_rounds_and_with_three(root, trained):
    told = found(root, "samples")
    task, _ = reload(root / "reference" / "seed-0")
    for name, rounds in (("directed", 0), ("rounds", 3)):
        measured = Judge(task).measure(trained.sample(COUNT, rounds=rounds))
        assert told[name]["parzen"]["mean"] == pytest.approx(measured["parzen"]["mean"])
        assert told[name]["rarest_class"] == min(told[name]["classes"])
    gain = told["rounds"]["parzen"]["mean"] - told["directed"]["parzen"]["mean"]
    assert told["gain_by_rounds"] == pytest.approx(gain)


def test_the_references_are_training_images_and_a_gaussian_of_them(root):
    told = found(root, "references")
    task, _ = reload(root / "reference" / "seed-0")
    judge = Judge(task)
    drawn = {
        "training": drawn_again(judge.train, COUNT, 0),
        "gaussian": gaussian(judge.train, COUNT, 0, within=judge.within),
    }
    for name, rows in drawn.items():
        expected = judge.measure(rows)["parzen"]["mean"]
        assert told[name]["parzen"]["mean"] == pytest.approx(expected)
    assert told["training"]["coverage"] > told["gaussian"]["coverage"]


def test_the_likelihood_of_each_stands_beside_its_name(root, tmp_path, monkeypatch):
    """Numbers of ours, in the place of the name that they belong to."""
    drawn: list[Figure] = []

    def keep(figure, *_):
        drawn.append(figure)
        return []

    monkeypatch.setattr(figures, "save", keep)
    figures.likelihood(Evidence(root), tmp_path)
    axis = drawn[0].axes[0]
    names = [label.get_text() for label in axis.get_yticklabels()]
    places = [np.asarray(line.get_xydata())[0] for line in axis.lines]
    at = {names[round(y)]: x for x, y in places}
    samples, references = found(root, "samples"), found(root, "references")
    assert at["ours, no rounds"] == samples["directed"]["parzen"]["mean"]
    assert at["ours, 3 rounds"] == samples["rounds"]["parzen"]["mean"]
    assert at["training images"] == references["training"]["parzen"]["mean"]
    assert at["paper, 3 rounds"] == 236


def test_steps_in_use_are_those_of_every_round(root, trained):
    told = found(root, "steps-in-use")
    assert told["steps"] == [1, 3]
    # The model was trained with three.
    assert told["parzen"][1] == pytest.approx(found(root, "samples")["rounds"]["parzen"]["mean"])
    assert told["parzen"][0] != told["parzen"][1]


def test_what_is_filled_in_is_what_the_other_modality_shows(root, completed):
    """Counted again, example by example."""
    told = json.loads((completed / "completion.json").read_text())
    task, models = reload(completed)
    _, networks = reload_classifiers(root / "classifier" / "seed-0", Last())
    model, data, network = models[0], task.data, networks[0]
    raw, y, image = data.test.x, data.test.y, np.arange(74) < 64
    for name, alpha in (("as_trained", 0.2), ("generating", 0.3)):
        labels, images = (
            model.inpaint(raw, known, rounds=2, alpha=alpha) for known in (image, ~image)
        )
        by = model.model.inference._replace(alpha=alpha)
        maps, x = model.stack, jnp.asarray(labels)
        *_, top = infer(maps, observed(maps, x, by), maps.encode(x), by)
        from_top = np.asarray(maps.decode(top))
        seen = np.asarray(network(16 * images[:, :64].reshape(-1, 8, 8))).argmax(axis=1)
        assert told[name]["label"] == np.mean(labels[:, 64:].argmax(axis=1) == y)
        assert told[name]["label_by_top"] == np.mean(from_top[:, 64:].argmax(axis=1) == y)
        assert told[name]["image"] == pytest.approx(np.mean(seen == y), abs=0.01)


def test_samples_of_images_with_labels_are_judged_by_the_images(root, both):
    task, models = reload(both)
    plain, _ = reload(root / "reference" / "seed-0")
    samples = models[0].sample(COUNT)
    ours, theirs = (
        Judge(of, _judge(task, both, root).classifier).measure(rows)
        for of, rows in ((task, samples), (plain, samples[:, :64].reshape(-1, 8, 8)))
    )
    assert ours == theirs


def test_every_figure_is_drawn_of_what_there_is(root, completed, tmp_path):
    runs, drawn = tmp_path / "paper", tmp_path / "figures"
    shutil.copytree(root, runs)
    for examination in STDP[:1]:
        Examined(examination, runs / "classifier" / "seed-0").execute()
    for name in ("short", "true-gradient", "steps-3"):
        shutil.copytree(runs / "reference", runs / name)
    paths = figures.draw(Evidence(runs), drawn)
    names = {path.name for path in paths if path.suffix == ".png"}
    assert names == {
        "stdp-window.png", "inference.png", "likelihood.png", "questions.png", "modalities.png",
        "limits.png",
        "samples.png", "samples-directed.png", "inpainting.png",
    }  # fmt: skip
    assert all(path.stat().st_size > 1000 for path in paths)
    assert figures.draw(Evidence(tmp_path / "nothing"), tmp_path / "none") == []


def test_a_question_changes_one_thing():
    """Beside `short`, or beside `final-values` for what learns from the temporal derivative."""
    planned = {e.name: e for e in questions()}
    for name, experiment in planned.items():
        beside = {"temporal-derivative": "final-values"}.get(name, "short")
        other = planned["labels" if name.startswith("labels") else beside]
        ours, theirs = vars(experiment.model), vars(other.model)
        changed = {field for field in ours if ours[field] != theirs[field]}
        # True gradients cannot take the paper's step.
        same = name in ("short", "final-values", "labels")
        assert same or len(changed - {"delta"}) == 1, name
        assert experiment.settings == other.settings


def test_the_search_keeps_what_each_trial_came_to(tmp_path, monkeypatch):
    """A trial's rates and noises are the second stage's, and a finished one is not made again."""
    table = search.TABLE
    with table.open() as file:
        rows = list(csv.DictReader(file))
    names = search.Trial._fields
    assert [tuple(float(row[name]) for name in names) for row in rows] == [*search.TRIALS]
    trial = search.TRIALS[1]
    first, second = search.model(trial).course
    assert first == IteratedTargetProp().course[0]
    assert isinstance(second, From)
    assert second.encoder_rates == (trial.f1_rate, trial.f2_rate)
    assert second.decoder_rates == (1.0, trial.g2_rate)
    assert second.encoder_noise == (trial.f1_noise, trial.f2_noise)
    assert second.decoder_noise == (trial.g1_noise,)
    small = replace(search.model(trial), hidden=(6, 4), trace_steps=2)
    monkeypatch.setattr(search, "model", lambda trial: small)
    monkeypatch.setattr(search, "load", lambda name: load("digits"))
    monkeypatch.setattr(search, "EPOCHS", 1)
    monkeypatch.setattr(search, "SAMPLES", 50)
    found = search.tried(trial, tmp_path / "run")
    assert all(np.isfinite(found))
    assert search.tried(trial, tmp_path / "run") == found
