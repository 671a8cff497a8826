"""A checkpoint gives back what was saved to the last bit, or says that it cannot."""

import shutil
import sys
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical import FA, DataError, UsageError, WriteError, fit
from apical.runs.best import Snapshot
from apical.runs.checkpoints import Checkpoints
from apical.runs.folder import RunFolder
from apical.training.reload import reload
from apical.training.selection import Best
from tests.training.small import SMALL, bits


class State(NamedTuple):
    weights: dict[str, Any]
    rest: tuple


def tree(seed: int = 0) -> Any:
    draw = np.random.default_rng(seed)
    return State(
        {"W": draw.normal(size=(3, 4)).astype(np.float32), "b": jnp.arange(4.0)},
        (
            jnp.asarray(draw.normal(size=5), jnp.bfloat16),
            jax.random.key_data(jax.random.key(seed)),
            np.array([True, False]),
            np.zeros((0, 2), np.float32),
            np.int32(seed),
        ),
    )


def same(found, wanted) -> bool:
    leaves = zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True)
    return bits(found) == bits(wanted) and all(a.dtype == b.dtype for a, b in leaves)


@pytest.fixture
def saved(tmp_path):
    """Checkpoints of one epoch, the first, with a best network of it."""
    checkpoints = Checkpoints(tmp_path / "checkpoints" / "seed-0")
    checkpoints.save(1, tree(), Snapshot(1, tree(1)))
    return checkpoints


def test_arrays_come_back_to_the_last_bit(saved):
    assert same(saved.restore(1, tree(2)), tree())
    best = saved.best(1, tree(2))
    assert best[0] == 1
    assert same(best[1], tree(1))


@pytest.mark.parametrize("carry", [{"a": np.ones(3)}, (np.ones(3), np.zeros(2)), np.ones(3)])
def test_a_carry_may_be_any_tree(saved, carry):
    with jax.enable_x64(True):
        saved.save(2, carry, Snapshot(2, carry))
        assert same(saved.restore(2, carry), carry)
        best = saved.best(2, carry)
        assert best is not None
        assert same(best[1], carry)


def test_without_a_best_network_there_is_none(saved):
    saved.save(2, tree(), None)
    assert saved.best(2, tree()) is None
    assert same(saved.restore(2, tree(2)), tree())


def test_the_names_in_the_tree_are_in_the_file(saved):
    with np.load(saved.folder / "1.npz") as arrays:
        np.testing.assert_array_equal(arrays["carry.weights['W']"], tree().weights["W"])
        assert {"carry.rest[4]", "best.epoch"} <= set(arrays)


def test_the_same_arrays_are_the_same_file(saved):
    before = (saved.folder / "1.npz").read_bytes()
    saved.save(1, tree(), Snapshot(1, tree(1)))
    assert (saved.folder / "1.npz").read_bytes() == before


def test_two_are_kept(saved):
    for epoch in (2, 10, 11):
        saved.save(epoch, tree(epoch), None)
    assert {path.name for path in saved.folder.iterdir()} == {"10.npz", "11.npz"}
    assert saved.latest() == 11
    assert same(saved.restore(10, tree()), tree(10))


def test_what_was_written_by_half_is_no_checkpoint(saved):
    (saved.folder / "2.npz.part").write_bytes(b"PK")
    assert saved.latest() == 1


def test_no_changed_byte_goes_unnoticed(saved):
    path = saved.folder / "1.npz"
    whole = path.read_bytes()
    told = []
    for place in range(0, len(whole), 13):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        try:
            assert same(saved.restore(1, tree(2)), tree())
            best = saved.best(1, tree(2))
            assert best is not None
            assert same(best[1], tree(1))
        except DataError as error:
            told.append(str(error))
    assert len(told) > len(whole) // 13 / 2
    assert all(text.startswith(f"{path}: expected a checkpoint of this run") for text in told)
    assert not any("\n" in text for text in told)


@pytest.mark.parametrize("part", [0, 0.01, 0.5, 0.99])
def test_a_checkpoint_that_was_cut_off_is_named(saved, part):
    path = saved.folder / "1.npz"
    path.write_bytes(path.read_bytes()[: int(part * path.stat().st_size)])
    with pytest.raises(DataError, match=r"seed-0/1\.npz: expected a checkpoint of this run"):
        saved.restore(1, tree())


def test_arrays_of_another_network_are_refused_by_name(saved):
    for other, words in [
        (tree()._replace(weights={"W": np.zeros((4, 3), np.float32), "b": jnp.zeros(4)}),
         r"\['W'\]\.npy to be float32 of shape \(4, 3\), found float32 of shape \(3, 4"),
        (tree()._replace(weights={"W": np.zeros((3, 4), np.int32), "b": jnp.zeros(4)}),
         r"carry\.weights\['W'\]\.npy to be int32"),
        (tree()._replace(weights={"V": np.zeros((3, 4), np.float32), "b": jnp.zeros(4)}),
         r"it has no carry\.weights\['V'\]"),
    ]:  # fmt: skip
        with pytest.raises(DataError, match=words):
            saved.restore(1, other)


def test_a_run_goes_on_from_the_checkpoint_before_a_damaged_one(blobs, tmp_path):
    settings = {**SMALL, "checkpoint_seconds": 0}
    first = fit(FA(), blobs, out=tmp_path, **settings)
    last = tmp_path / "checkpoints" / "seed-0" / "3.npz"
    last.write_bytes(b"junk")
    with pytest.raises(DataError, match=r"3\.npz: .*delete it to go on from an earlier epoch"):
        fit(FA(), blobs, out=tmp_path, resume=True, **settings)
    last.unlink()
    again = fit(FA(), blobs, out=tmp_path, resume=True, **settings)
    assert bits(again.networks) == bits(first.networks)


def test_the_folder_of_a_run_is_not_made_again(tmp_path):
    """If it was removed while the run went on, nothing is to lie where it was."""
    with pytest.raises(WriteError, match="cannot be written"):
        RunFolder(tmp_path / "gone").checkpoints(0).save(1, tree(), None)
    assert not (tmp_path / "gone").exists()


def test_checkpoints_of_an_earlier_apical_are_read(earlier):
    summary = RunFolder(earlier).read("summary.json")
    task, models = reload(earlier)
    np.testing.assert_allclose(
        task.trainer.measure(models[0].network)["test_loss"],
        summary["test_loss"]["mean"],
        rtol=1e-5,
    )
    task, models = reload(earlier, network=Best())
    measured = task.trainer.measure(models[0].network)["val_accuracy"]
    assert measured == summary["best_validation"]["val_accuracy"]["mean"] > 0.9


def test_a_run_of_an_earlier_apical_goes_on(earlier):
    seed = earlier / "checkpoints" / "seed-0"
    shutil.rmtree(seed / "6")
    task, _ = reload(earlier)
    result = fit(task.rule, task.data, out=earlier, resume=True, **vars(task.settings))
    assert {path.name for path in seed.iterdir()} == {"5", "6.npz"}
    before = RunFolder(earlier).rows("metrics.jsonl")
    assert [row["epoch"] for row in result.metrics] == [1, 2, 3, 4, 5, 6]
    assert len(before) == 6
    assert result.summary["best_validation"]["epoch"] == [5]


def test_an_earlier_run_that_kept_its_last_network_alone_says_so(earlier):
    shutil.rmtree(earlier / "checkpoints" / "seed-0" / "6" / "best")
    with pytest.raises(UsageError, match="kept the last network alone"):
        reload(earlier, network=Best())
    reload(earlier)


def test_damage_in_a_checkpoint_of_an_earlier_apical_is_named_and_nothing_else_said(
    earlier, monkeypatch
):
    """Orbax's threads reported to a loop that it had closed; Python prints what nobody catches."""
    heard: list = []
    monkeypatch.setattr("sys.unraisablehook", heard.append)
    for path in (earlier / "checkpoints" / "seed-0" / "6").rglob("manifest.ocdbt"):
        path.write_text("x")
    for _ in range(8):
        with pytest.raises(DataError, match="seed-0/6: expected a checkpoint of this run") as told:
            reload(earlier)
        assert "\n" not in str(told.value)
        assert "tensorstore_spec" not in str(told.value)
    assert not heard


def test_without_tensorstore_a_checkpoint_of_an_earlier_apical_says_what_to_install(
    earlier, monkeypatch
):
    monkeypatch.setitem(sys.modules, "tensorstore", None)
    with pytest.raises(UsageError, match=r"seed-0/6: was saved by .*pip install 'apical\[old-runs"):
        reload(earlier)
