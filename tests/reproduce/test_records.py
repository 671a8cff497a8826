"""Recorded runs count as run, and publishing keeps them, in one file a paper."""

import itertools
import json
import lzma
import math
import shutil

import pytest

from apical import BP, DataError, UsageError, fit, load
from apical.errors import WriteError
from apical.reproduce import paper
from apical.reproduce.evidence import Evidence
from apical.reproduce.numbers import TIED
from apical.reproduce.publish import publish
from apical.reproduce.records import RecordName, Records
from apical.training.reload import reload
from tests.commands import apical
from tests.disks import filling_up


@pytest.fixture
def papers(tmp_path, monkeypatch):
    """The papers' folder, copied: what is published there stays there. Without the runs that are
    recorded, and the numbers in prose that are tied to them, which take long to read."""
    copy = tmp_path / "papers"
    shutil.copytree(paper.FOLDER, copy, ignore=shutil.ignore_patterns("*.png", "records.jsonl.xz"))
    for text in copy.glob("*/README.md"):
        text.write_text(TIED.sub("", text.read_text()))
    monkeypatch.setattr(paper, "FOLDER", copy)
    return copy


@pytest.fixture
def records(tmp_path):
    return Records(tmp_path / "records.jsonl.xz")


def finished(runs, experiment="e", seed=0, status="finished", **found):
    """A run's folder with a summary."""
    folder = runs / experiment / f"seed-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "summary.json").write_text(json.dumps({"status": status, **found}))
    return folder


def reproduce(out):
    """Two experiments, and the figure that shows them."""
    asked = ("reproduce", "itd", "--protocol", "smoke", "--only", "itd-mce", "itd-lse")
    return apical(*asked, "--seeds", 1, "--jobs", 1, "--out", out)


@pytest.mark.slow
def test_recorded_runs_are_not_made_again(papers, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    reproduce(first)
    judged = (first / "claims.json").read_text()
    publish("itd", first, "smoke", records=True)
    chosen = paper.read("itd")
    assert json.loads((chosen.results / "smoke" / "claims.json").read_text())
    assert (chosen.results / "smoke" / "figure-3.png").exists()
    kept = sorted(p.name for p in (first / "runs" / "smoke").iterdir())
    assert [name.experiment for name in chosen.records.names("smoke")] == kept

    runs = second / "runs" / "smoke"
    assert chosen.records.bring("smoke", runs) == len(kept)
    marked = runs / kept[0] / "seed-0" / "summary.json"
    before = marked.read_text()
    assert f"{len(kept)} finished before" in reproduce(second)
    assert marked.read_text() == before
    assert (second / "claims.json").read_text() == judged


def test_an_installed_package_publishes_nothing(papers, tmp_path):
    (papers / "itd" / "README.md").unlink()
    with pytest.raises(UsageError, match=r"README.md: not found; results are published in a check"):
        publish("itd", tmp_path / "out", "smoke")
    assert not (tmp_path / "out").exists()


def test_a_run_comes_back_byte_for_byte(records, tmp_path):
    runs = tmp_path / "runs"
    run = runs / "e" / "seed-3"
    fit(BP(), load("digits"), hidden=(4,), epochs=2, steps_per_epoch=1, seed=3, out=run)
    assert records.keep("quick", runs) == 1
    assert records.names() == [RecordName("quick", "e", 3)]
    again = tmp_path / "again"
    assert records.bring("quick", again) == 1
    written = sorted((*run.glob("*.json"), *run.glob("*.jsonl")))
    assert len(written) == 5
    back = sorted((again / "e" / "seed-3").iterdir())
    assert [path.name for path in back] == [path.name for path in written]
    for ours, theirs in zip(back, written, strict=True):
        assert ours.read_bytes() == theirs.read_bytes(), ours


def test_the_file_depends_on_the_runs_and_not_on_the_order_they_came_in(tmp_path):
    names = [("paper", "a", 10), ("paper", "a", 9), ("quick", "a", 0)]
    written = set()
    for order in itertools.permutations(names):
        records = Records(tmp_path / "-".join(f"{p}{n}" for p, _, n in order))
        for protocol, experiment, seed in order:
            runs = tmp_path / f"{protocol}-{seed}"
            finished(runs, experiment, seed, found=seed)
            records.keep(protocol, runs)
        assert records.names() == [RecordName(*name) for name in sorted(names)]
        written.add(records.path.read_bytes())
    assert len(written) == 1


def test_publishing_replaces_a_run_and_leaves_the_others_as_they_are(records, tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    for seed in (0, 1):
        finished(old, seed=seed, accuracy=0.1, alone=[1.0, 1e-7, None])
    assert records.keep("paper", old) == 2
    before = lzma.decompress(records.path.read_bytes()).splitlines()
    finished(new, seed=1, accuracy=0.2)
    finished(new, seed=2, accuracy=0.3)
    assert records.keep("paper", new) == 2
    after = lzma.decompress(records.path.read_bytes()).splitlines()
    assert after[0] == before[0]
    found = [records.files(name)["summary.json"]["accuracy"] for name in records.names("paper")]
    assert found == [0.1, 0.2, 0.3]
    assert records.names("quick") == []
    assert sorted(path.name for path in tmp_path.glob("records*")) == ["records.jsonl.xz"]


def test_records_are_read_once(records, tmp_path, monkeypatch):
    finished(tmp_path / "runs")
    records.keep("paper", tmp_path / "runs")
    opened = []
    real = lzma.LZMADecompressor

    def counted(form):
        opened.append(form)
        return real(form)

    monkeypatch.setattr(lzma, "LZMADecompressor", counted)
    for _ in range(3):
        Records(records.path).names()
    assert len(opened) == 1


def test_damaged_records_are_refused_in_one_line(records, tmp_path):
    for seed in range(9):
        finished(tmp_path / "runs", seed=seed, accuracy=seed / 7)
    records.keep("paper", tmp_path / "runs")
    whole = records.path.read_bytes()
    middle = len(whole) // 2
    spoilt = {
        "empty": b"",
        "cut": whole[:middle],
        "short": whole[:-1],
        "long": whole + b"more",
        "changed": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        "text": b"{}\n",
        "no-run": lzma.compress(b'{"protocol": "paper"}\n'),
        "no-object": lzma.compress(b"[]\n"),
        "no-json": lzma.compress(b"\xff\n"),
        "elsewhere": lzma.compress(
            b'{"protocol": "p", "experiment": "e", "seed": 0, "files": {"../x.json": {}}}\n'
        ),
    }
    for kind, content in spoilt.items():
        path = tmp_path / f"{kind}.xz"
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"expected .*; get it again") as caught:
            Records(path).bring("paper", tmp_path / "brought")
        assert str(path) in str(caught.value), kind
        assert "\n" not in str(caught.value), kind
    assert not (tmp_path / "brought").exists()


def test_a_run_that_is_not_recorded_is_named(records):
    with pytest.raises(UsageError, match="has no run e seed 4 of the protocol paper"):
        records.files(RecordName("paper", "e", 4))
    assert records.names() == []
    assert records.bring("paper", records.path.parent / "runs") == 0


def test_what_a_kill_left_half_copied_is_copied_again(records, tmp_path):
    finished(tmp_path / "first")
    records.keep("paper", tmp_path / "first")
    half = tmp_path / "runs" / "e" / "seed-0.part"
    half.mkdir(parents=True)
    (half / "summary.json").write_text('{"status": "finished"}')
    assert records.keep("paper", tmp_path / "runs") == 0  # an unfinished copy is no run
    assert records.bring("paper", tmp_path / "runs") == 1
    assert [path.name for path in half.parent.iterdir()] == ["seed-0"]


def test_reading_networks_of_a_record_says_so_and_leaves_it_as_it_is(tmp_path):
    fit(BP(), load("digits"), hidden=(4,), epochs=1, steps_per_epoch=1, out=tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "checkpoints")
    before = sorted(path.name for path in (tmp_path / "run").iterdir())
    with pytest.raises(UsageError, match=r"holds no network.*a record of a run"):
        reload(tmp_path / "run")
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == before


def test_a_place_that_cannot_be_written_is_named(records, tmp_path):
    finished(tmp_path / "first")
    records.keep("paper", tmp_path / "first")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "e").touch()
    with pytest.raises(WriteError, match=r"runs/e/seed-0: cannot be written"):
        records.bring("paper", tmp_path / "runs")


def test_a_disk_that_fills_up_leaves_no_run_by_half(records, tmp_path):
    finished(tmp_path / "first")
    records.keep("paper", tmp_path / "first")
    (name,) = records.names()
    with filling_up(math.inf) as disk:
        records.unpack(name, tmp_path / "whole" / "seed-0")
    for room in range(disk.steps):
        folder = tmp_path / str(room) / "seed-0"
        with filling_up(room), pytest.raises(WriteError, match="No space left on device"):
            records.unpack(name, folder)
        assert not list(folder.parent.glob("*"))
        records.unpack(name, folder)


def test_a_run_in_the_folder_is_not_replaced_by_a_record(records, tmp_path):
    finished(tmp_path / "first")
    records.keep("paper", tmp_path / "first")
    ours = finished(tmp_path / "runs", status="diverged")
    assert records.bring("paper", tmp_path / "runs") == 0
    assert "diverged" in (ours / "summary.json").read_text()


def test_a_run_that_diverged_has_ended_and_figures_may_show_it(records, tmp_path):
    finished(tmp_path / "runs", seed=0, epochs=[3])
    finished(tmp_path / "runs", seed=12, status="diverged", epochs=[1])
    assert records.keep("paper", tmp_path / "runs") == 2
    assert records.bring("paper", tmp_path / "paper") == 2
    evidence = Evidence(tmp_path / "paper")
    assert evidence.diverged("e") == {12: 2}
    assert evidence.diverged("none") == {}
    assert evidence.protocol == "paper"


def test_a_run_that_has_not_ended_is_not_recorded(records, tmp_path):
    finished(tmp_path / "runs", status="interrupted")
    assert records.keep("paper", tmp_path / "runs") == 0
    assert not records.path.exists()


def test_records_that_a_package_leaves_out_are_asked_for(tmp_path):
    with pytest.raises(UsageError, match=r"records\.jsonl\.xz: not found.*put the repository's th"):
        Records(tmp_path / "records.jsonl.xz").require()
