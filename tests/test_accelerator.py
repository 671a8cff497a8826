"""The command for a borrowed accelerator: wheels, parts, smoke test, and a short session."""

import json
import os
from dataclasses import replace
from unittest.mock import patch

import benchmarks.accelerator.smoke
import jax
import pytest
from benchmarks.accelerator import __main__ as command, parts, session, wheels

from apical import BP, DTP, IteratedTargetProp, Settings, fit
from apical.data import load
from apical.errors import UsageError
from apical.generative import judge
from apical.generative.estimators import DifferenceTargets
from apical.generative.task import GenerativeTask
from apical.networks.layers import Fc
from apical.reproduce.records import Records
from apical.rules import RULES
from apical.runs.environment import environment
from apical.runs.folder import RunFolder
from apical.runs.precision import asked, full_precision, precision
from apical.settings.matmul_precisions import TF32, BFloat16
from apical.training.how import fit_apart
from apical.training.supervised import Supervised
from apical.training.task import Task


def test_a_file_in_parts_is_whole_again(tmp_path):
    file = tmp_path / "data.bin"
    file.write_bytes(bytes(range(256)) * 10)
    listed = parts.split(file, tmp_path / "parts", 1000)
    assert len(list((tmp_path / "parts").glob("data.bin.part-*"))) == 3
    joined = parts.join(listed, tmp_path / "joined")
    assert joined == tmp_path / "joined" / "data.bin"
    assert joined.read_bytes() == file.read_bytes()


def test_parts_that_are_damaged_or_missing_are_named(tmp_path, capsys):
    file = tmp_path / "data.bin"
    file.write_bytes(bytes(3000))
    listed = parts.split(file, tmp_path, 1000)
    second = tmp_path / "data.bin.part-001"
    second.write_bytes(bytes(999))
    with pytest.raises(parts.DamagedError, match=r"part-001: is not what was split"):
        parts.join(listed, tmp_path / "joined")
    second.unlink()
    with pytest.raises(SystemExit, match=r"part-001: not found"):
        command.main(["join", str(listed), "--to", str(tmp_path / "joined")])
    assert not (tmp_path / "joined").exists()
    command.main(["split", str(file), "--to", str(tmp_path / "again"), "--size", "0.001"])
    assert capsys.readouterr().out.endswith("data.bin.parts.json\n")


def test_the_wheels_are_what_an_image_with_jax_lacks(tmp_path, capsys):
    found = wheels.needed("3.12")
    assert {"equinox", "optax", "tyro", "scikit-learn", "typeguard"} <= found.keys()
    assert not {"jax", "jaxlib", "numpy", "scipy", "apical", "pytest", "tensorstore"} & found.keys()
    there = tmp_path / "there.json"
    there.write_text(json.dumps([{"name": "Equinox", "version": "1"}, {"name": "scikit_learn"}]))
    command.main(["wheels", "--there", str(there)])
    told = capsys.readouterr().out
    assert f"tyro=={found['tyro']}\n" in told
    assert "equinox" not in told
    assert "scikit-learn" not in told


def test_every_rule_is_compared_and_those_that_differ_are_named(monkeypatch):
    smoke = benchmarks.accelerator.smoke
    ran = smoke.train

    def off(rule, data, device):
        found = ran(rule, data, device)
        if isinstance(rule, DTP) and not seen:
            found["end"] = found["end"] + 1e-3
            seen.append(device)
        return found

    seen: list[jax.Device] = []
    monkeypatch.setattr(smoke, "train", off)
    found = smoke.smoke((BP, DTP))
    assert found["distances"]["bp"] == 0
    assert found["mismatches"] == ["dtp"]
    assert found["distances"]["dtp"] > found["tolerance"]


@pytest.mark.accelerator
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_an_epoch_of_each_rule_is_as_on_the_cpu(rule):
    if jax.default_backend() == "cpu":
        pytest.skip("no accelerator: JAX has the CPU alone")
    smoke = benchmarks.accelerator.smoke
    data = load("digits").select((0, 1)).limit(100)
    assert smoke.distance(rule(), data) <= smoke.TOLERANCE


def test_products_are_of_full_precision_on_accelerators(monkeypatch):
    with full_precision():
        assert precision() is None
        assert environment()["matmul_precision"] == "default"
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    with full_precision():
        assert precision() == "highest"
        assert environment()["matmul_precision"] == "highest"
    with jax.default_matmul_precision("tensorfloat32"), full_precision():
        assert precision() == "tensorfloat32"
    assert precision() is None


def heard(monkeypatch, owner, name):
    """The precisions that hold whenever this function of `owner` is called or traced.

    What was compiled before is not traced again: each use needs layers of a size of its own.
    """
    seen, function = [], getattr(owner, name)

    def listening(*given, **named):
        seen.append(precision())
        return function(*given, **named)

    monkeypatch.setattr(owner, name, listening)
    return seen


@pytest.fixture
def accelerator(monkeypatch):
    """JAX says that it runs on one."""
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")


@pytest.mark.usefixtures("accelerator")
def test_a_rule_trains_at_full_precision(blobs, tmp_path, monkeypatch):
    seen = heard(monkeypatch, Supervised, "step")
    fit(BP(), blobs, hidden=(13,), batch_size=30, epochs=1)
    assert set(seen) == {"highest"}
    seen.clear()
    settings = Settings(hidden=(Fc(14),), batch_size=30, epochs=1)
    fit_apart(Task(BP(), blobs, settings), {0: tmp_path / "0"})
    assert set(seen) == {"highest"}


@pytest.mark.usefixtures("accelerator")
def test_a_run_is_asked_for_less(blobs, tmp_path, monkeypatch):
    seen, out = heard(monkeypatch, Supervised, "step"), tmp_path / "a"
    settings = Settings(hidden=(Fc(16),), batch_size=30, epochs=1, matmul_precision=TF32())
    fit(BP(), blobs, settings, out=out)
    assert set(seen) == {"tensorfloat32"}
    assert json.loads((out / "env.json").read_text())["matmul_precision"] == "tensorfloat32"
    assert Settings.from_json(RunFolder(out).config()["settings"]) == settings
    seen.clear()
    fit_apart(Task(BP(), blobs, replace(settings, hidden=(Fc(17),))), {0: tmp_path / "b"})
    assert set(seen) == {"tensorfloat32"}
    with asked(BFloat16()):
        assert precision() == "BF16_BF16_F32"
    assert precision() is None


def test_a_cpu_does_not_round(blobs):
    with pytest.raises(UsageError, match="matmul_precision: tf32 is for accelerators"):
        fit(BP(), blobs, epochs=1, matmul_precision="tf32")


@pytest.mark.usefixtures("accelerator")
def test_a_generative_model_trains_samples_and_is_measured_at_full_precision(blobs, monkeypatch):
    seen = heard(monkeypatch, DifferenceTargets, "rise")
    result = IteratedTargetProp((13, 3)).fit(blobs, batch_size=30, epochs=1)
    assert set(seen) == {"highest"}
    trained, raw = result.models[0], blobs.test.x[:2]
    for use in (
        lambda: trained.prior,
        lambda: trained.infer(raw),
        lambda: trained.log_joint(raw),
        lambda: trained.sample(2),
        lambda: trained.inpaint(raw, raw[0] > 99),
    ):
        seen.clear()
        use()
        assert set(seen) == {"highest"}
    classifier = fit(BP(), blobs, hidden=(15,), batch_size=30, epochs=1).models[0]
    task = GenerativeTask(trained.model, blobs, trained.model.recipe)
    measures = [heard(monkeypatch, judge, name) for name in ("parzen", "coverage", "class_scores")]
    judge.Judge(task, classifier).measure(blobs.test.x / 255)
    assert [set(each) for each in measures] == [{"highest"}] * 3


def test_the_commit_of_a_copy_is_the_one_that_was_noted(monkeypatch, tmp_path):
    assert environment()["accelerator"] is None
    (tmp_path / "commit.txt").write_text("0123\n")
    monkeypatch.setattr("os.environ", {})
    session.prepare(tmp_path, tmp_path / "work")
    monkeypatch.setattr("apical.runs.provenance._git", lambda *_: None)
    assert environment()["commit"] == "0123"


@pytest.mark.hard
@pytest.mark.slow
def test_a_session_leaves_records_to_publish(tmp_path, monkeypatch, capsys):
    """Without its smoke test, which has a test of its own; one paper's smoke protocol."""
    same = {"device": "cpu", "tolerance": 0, "distances": {}, "mismatches": []}
    monkeypatch.setattr(session, "_smoke", lambda *_: same)
    out = tmp_path / "out"
    asked = (
        "run --minutes 5 --protocol smoke --seeds 2 --papers itd --throughput "
        f"--out {out} --work {tmp_path}"
    )
    with patch.dict(os.environ):  # what the command sets is put back
        assert command.main(asked.split()) == 0
    assert "itd: 8 runs recorded, 0 of 4 jobs left" in capsys.readouterr().out
    records = Records(out / "itd" / "records.jsonl.xz")
    assert len(records.names("smoke")) == 8
    told = records.files(records.names("smoke")[0])
    assert told["env.json"]["matmul_precision"] == "default"
    assert told["config.json"]["together"] == [0, 1]
    report = json.loads((out / "itd.report.json").read_text())
    assert [job["failure"] for job in report["jobs"]] == [None] * 4
    assert report["left"] == []


@pytest.mark.hard
@pytest.mark.slow
def test_a_session_measures_methods_on_the_imagenet_network(tmp_path, monkeypatch, capsys):
    """On images as small as its strides allow, by programs that are compiled soon."""
    same = {"device": "cpu", "tolerance": 0, "distances": {}, "mismatches": []}
    monkeypatch.setattr(session, "_smoke", lambda *_: same)
    flags = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    asked = (
        f"run --minutes 9 --papers --throughput bp nothing --side 17 --classes 10 --batch 2 "
        f"--out {tmp_path} --work {tmp_path / 'work'}"
    )
    with patch.dict(os.environ, XLA_FLAGS=f"{os.environ.get('XLA_FLAGS', '')} {flags}"):
        assert command.main(asked.split()) == 0
    said = capsys.readouterr().out
    assert "throughput: 2 of 2 methods tried" in said
    measured, failed = json.loads((tmp_path / "throughput.json").read_text())
    assert failed == {"method": "nothing", "failure": "KeyError: 'nothing'"}
    assert measured["images_per_second"] == pytest.approx(2 / measured["seconds_per_step"])
    # Weights, biases and Adam's two moments of each.
    assert measured["bytes_held"] == pytest.approx(3 * 4 * measured["weights"], rel=1e-3)
    # Of two examples a weight times an activity, and an activity times a signal, of two FLOPs each.
    assert measured["flops_per_step"] > 4 * 2 * measured["weights"]
    assert measured["bytes_accessed_per_step"] > measured["bytes_held"]


def test_rules_that_differ_stop_a_session(tmp_path, monkeypatch, capsys):
    found = {"device": "gpu", "tolerance": 0, "distances": {"bp": 0.5}, "mismatches": ["bp"]}
    monkeypatch.setattr(session, "_smoke", lambda *_: found)
    assert session.spend(1.0, tmp_path, tmp_path / "work", ["itd"], "smoke", 1, False) == 1
    assert "bp is not as on the CPU: 0.5" in capsys.readouterr().out
    assert not (tmp_path / "work").exists()
    monkeypatch.setattr(session, "_smoke", lambda *_: None)
    assert session.spend(1.0, tmp_path, tmp_path / "work", ["itd"], "smoke", 1, False) == 1
    assert "did not end in time" in capsys.readouterr().out
