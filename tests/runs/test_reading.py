"""What a run's folder says, also one of before, and without what could read its networks."""

import sys

import pytest

from apical import UsageError
from apical.runs.folder import RunFolder
from apical.runs.reading import RunData, unfinished


def test_a_run_of_an_earlier_apical_is_read_without_what_reads_its_checkpoints(
    earlier, monkeypatch
):
    monkeypatch.setitem(sys.modules, "tensorstore", None)
    run = RunData.read(earlier)
    assert run.spelled == "fa"
    assert run.keeps_networks
    assert run.hidden_layers == 1
    epochs, accuracies = run.curves("val_accuracy")[0]
    assert epochs == [0, 1, 2, 3, 4, 5, 6]
    assert (
        max(accuracies)
        == accuracies[5]
        == RunFolder(earlier).read("summary.json")["best_validation"]["val_accuracy"]["mean"]
    )
    assert unfinished(RunFolder(earlier)) is None
    (earlier / "summary.json").unlink()
    assert "seed 0 after 6 of 6 epochs" in str(unfinished(RunFolder(earlier)))


def test_a_file_that_cannot_be_read_is_told(earlier):
    """A folder in its place cannot be read by anyone, root included."""
    (earlier / "config.json").unlink()
    (earlier / "config.json").mkdir()
    with pytest.raises(UsageError, match=r"config\.json: cannot be read \(Is a directory\)"):
        RunData.read(earlier)


def test_a_run_without_a_checkpoint_keeps_no_network(earlier):
    seed = earlier / "checkpoints" / "seed-0"
    seed.rename(earlier / "elsewhere")
    assert not RunData.read(earlier).keeps_networks
    seed.mkdir()
    (seed / "1.npz.part").touch()
    assert not RunData.read(earlier).keeps_networks
