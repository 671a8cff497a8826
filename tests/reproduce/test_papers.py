"""Every paper's folder is whole: claims, experiments, figures, and a README that is current."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PIL import Image

from apical import BP, FA, Settings
from apical.errors import DataError, UsageError
from apical.networks.layers import Fc
from apical.reproduce import coverage, paper
from apical.reproduce.evidence import Evidence
from apical.reproduce.examination import Examination, Examined
from apical.reproduce.experiment import Experiment, Run
from apical.reproduce.judgement import Value, Within
from apical.reproduce.paper import PROTOCOLS
from apical.reproduce.readme import generated, text_of
from apical.reproduce.reproduction import Reproduction
from apical.reproduce.tables import rows
from apical.runs.folder import RunFolder
from apical.training.order import steps_in_epoch


@pytest.fixture(params=paper.names())
def name(request):
    return request.param


def test_claims_need_only_experiments_that_exist(name):
    read = paper.read(name)
    experiments = read.module("experiments").experiments
    known = {e.name for protocol in ("quick", "paper") for e in experiments(protocol)}
    ids = [statement.id for statement in read.statements]
    assert len(set(ids)) == len(ids)
    for claim in read.statements:
        assert claim.judgement.experiments <= known, claim.id
        assert set(claim.deviations) <= set(read.deviations), claim.id


def test_every_claim_is_in_the_coverage_of_the_paper(name):
    read = paper.read(name)
    known = {statement.id for statement in read.statements}
    assert {claim.id for claim in read.claims} <= {i for item in read.coverage for i in item.claims}
    for item in read.coverage:
        assert item.source, item
        assert item.says, item
        assert item.claims or item.figure or item.not_run, item
        assert set(item.claims) <= known, item
        assert not item.figure or (read.folder / item.figure).is_file(), item


def test_what_is_remembered_of_a_paper_is_marked_in_every_table(name):
    """A reader of the coverage sees no claim that the table of claims says is remembered."""
    read = paper.read(name)
    sure = {claim.id: claim.sure for claim in read.claims}
    for item, (where, *_) in zip(read.coverage, coverage.cells(read.coverage), strict=True):
        for claim in item.claims:
            if "remembered" in sure.get(claim, ""):
                assert where == f"{item.source} ({sure[claim]})", item


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_experiments_are_possible_and_named_once(name, protocol):
    experiments = list(paper.read(name).module("experiments").experiments(protocol))
    names = [e.name for e in experiments]
    assert len(set(names)) == len(names)
    for experiment in experiments:
        assert steps_in_epoch(experiment.settings, 55000) > 0


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """The recorded runs of a paper, unpacked once: their folder by protocol."""
    folders: dict[str, dict[str, Path]] = {}

    def unpack(name: str) -> dict[str, Path]:
        if name not in folders:
            records, root = paper.read(name).records, tmp_path_factory.mktemp(name)
            protocols = {record.protocol for record in records.names()}
            folders[name] = {protocol: root / protocol for protocol in protocols}
            for protocol, runs in folders[name].items():
                records.bring(protocol, runs)
        return folders[name]

    return unpack


def test_every_record_is_a_run_that_would_be_made_today(name, recorded, monkeypatch):
    """Of the same rule and settings; `finished` raises where it is another. All have ended.

    No data are needed for it.
    """
    read_data = "apical.reproduce.experiment._data"
    monkeypatch.setattr(read_data, lambda *asked: pytest.fail(f"read {asked}"))
    read = paper.read(name)
    for protocol, runs in recorded(name).items():
        seeds = 1 + max(record.seed for record in read.records.names(protocol))
        jobs = Reproduction(read, protocol, runs, seeds=seeds).jobs(runs)
        made = [job for job in jobs if isinstance(job, Run)]
        ended = [job.finished() for job in made if job.folder.exists()]
        assert all(ended)
        found = {record.below(runs) for record in read.records.names(protocol)}
        assert found <= {job.folder for job in made}


def test_the_committed_claims_are_what_the_records_say(name, recorded):
    read = paper.read(name)
    for protocol, runs in recorded(name).items():
        results = read.results if protocol == "paper" else read.results / protocol
        committed = json.loads((results / "claims.json").read_text())
        assert rows(read.statements, Evidence(runs), protocol) == committed


def test_the_readme_shows_the_committed_results(name, recorded):
    """Tables, coverage and the numbers in its prose that are tied to runs."""
    read = paper.read(name)
    text, evidence = text_of(read), {p: Evidence(runs) for p, runs in recorded(name).items()}
    assert generated(text, read, evidence) == text


def test_an_unknown_paper_claim_or_protocol_is_named():
    with pytest.raises(UsageError, match="did you mean 'itd'"):
        paper.read("idt")
    with pytest.raises(UsageError, match="claim: there is no 'vpb'"):
        paper.read("itd").choose(("vpb",))
    with pytest.raises(UsageError, match="protocol: there is no 'quik'; did you mean 'quick'"):
        Reproduction(paper.read("itd"), "quik", Path("nowhere"))


def test_every_paper_says_how_many_seeds_a_protocol_asks_for(name):
    assert list(paper.read(name).seeds) == list(PROTOCOLS)


def test_a_run_is_the_seed_the_rule_and_the_settings_asked_for(tmp_path):
    settings = Settings(hidden=(Fc(4),), epochs=1, steps_per_epoch=2, batch_size=20)
    experiment = Experiment("e", FA(), settings, data="digits")
    runs = [Run(experiment, seed, tmp_path / f"seed-{seed}") for seed in (0, 1)]
    assert not runs[0].finished()
    assert [run.execute()["status"] for run in runs] == ["finished"] * 2
    summaries = [RunFolder(run.folder).read("summary.json") for run in runs]
    assert [s["seeds"] for s in summaries] == [[0], [1]]
    assert summaries[0]["train_loss"] != summaries[1]["train_loss"]
    assert runs[1].finished()
    other = replace(settings, lr=0.5)
    for changed in (
        replace(runs[1], experiment=replace(experiment, settings=other)),
        replace(runs[1], experiment=replace(experiment, rule=BP())),
        replace(runs[1], experiment=replace(experiment, data="iris")),
        replace(runs[1], seed=0),
    ):
        with pytest.raises(UsageError, match="holds another run"):
            changed.finished()


@dataclass(frozen=True)
class Epochs(Examination):
    """Counts the run's epochs, and those of another experiment's run of the seed."""

    other: str

    @property
    def name(self):
        return "counted"

    @property
    def needs(self):
        return {self.other}

    def examine(self, run, root):
        rows = [
            len(RunFolder(f).rows("metrics.jsonl")) for f in (run, root / self.other / run.name)
        ]
        return {"epochs": rows}


def test_finished_runs_are_examined_once_and_asked_again_when_the_question_changes(tmp_path):
    settings = Settings(hidden=(Fc(4),), steps_per_epoch=2, batch_size=20)
    for name, epochs in (("a", 1), ("b", 2)):
        experiment = Experiment(name, FA(), replace(settings, epochs=epochs), data="digits")
        Run(experiment, 3, tmp_path / name / "seed-3").execute()
    job = Examined(Epochs("b"), tmp_path / "a" / "seed-3")
    assert job.label == "counted of a seed 3"
    assert not job.finished()
    assert job.execute() == {"status": "finished"}
    assert job.finished()
    evidence = Evidence(tmp_path)
    assert evidence.stored("a", "counted.json", "epochs") == {3: 1}
    assert [evidence.values(a, "counted:epochs") for a in ("a", "a@1", "a@2")] == [[1], [1], []]
    assert not Examined(Epochs("a"), job.folder).finished()
    (job.folder / "counted.json").write_text("{")
    with pytest.raises(UsageError, match=r"counted\.json: expected JSON"):
        job.finished()


def test_a_chosen_claim_brings_the_runs_that_its_examinations_look_at(tmp_path):
    asked = Reproduction(paper.read("local-stdp"), "paper", tmp_path, 1, ("remedy-last",))
    names = {job.experiment.name for job in asked.jobs() if isinstance(job, Run)}
    assert {"mnist-0v1-wide", "mnist-0v1-bp"} <= names


def test_a_paper_of_which_nothing_has_run_is_told_so(name, tmp_path):
    table, _ = Reproduction(paper.read(name), "paper", tmp_path / "out").conclude()
    assert {row["verdict"] for row in table} == {"not run"}


def test_a_paper_may_train_on_a_part_of_each_class(tmp_path):
    settings = Settings(hidden=(Fc(4),), epochs=1, batch_size=5)
    experiment = Experiment("e", FA(), settings, data="digits", classes=(3, 8), per_class=5)
    Run(experiment, 0, tmp_path).execute()
    digests = {RunFolder(tmp_path).read("config.json")["data"]["digest"]}
    Run(replace(experiment, per_class=6), 0, tmp_path / "other").execute()
    digests.add(RunFolder(tmp_path / "other").read("config.json")["data"]["digest"])
    assert len(digests) == 2


def test_a_papers_number_is_claimed_of_its_own_epochs(name):
    """Without them, a shorter protocol would be held against the number and decide."""
    for claim in paper.read(name).claims:
        if isinstance(claim.judgement, Value | Within):
            assert claim.epochs, claim.id


def test_what_needs_data_that_is_nowhere_is_told_apart(tmp_path, monkeypatch):
    monkeypatch.setenv("APICAL_DATA", str(tmp_path))
    monkeypatch.setenv("APICAL_CACHE", str(tmp_path / "cache"))
    study = Reproduction(paper.read("target-propagation"), "paper", tmp_path / "out", seeds=1)
    jobs = study.jobs()
    without = study.without_data(jobs)
    assert list(without) == ["imagenet"]
    assert {job.label for job in without["imagenet"]} == {
        job.label for job in jobs if job.label.startswith("imagenet-")
    }
    (tmp_path / "imagenet").mkdir()
    assert study.without_data(jobs) == {}


def test_a_run_on_the_whole_of_a_set_refuses_a_part_of_it(tmp_path, monkeypatch):
    for split, count in (("train", 10), ("val", 1)):
        for kind in ("a", "b"):
            folder = tmp_path / "imagenet" / split / kind
            folder.mkdir(parents=True)
            for number in range(count):
                Image.new("RGB", (8, 8)).save(folder / f"{kind}-{number}.JPEG")
    monkeypatch.setenv("APICAL_DATA", str(tmp_path))
    experiment = Experiment("e", FA(), Settings(hidden=(Fc(4),), epochs=1), data="imagenet")
    with pytest.raises(DataError, match=r"^imagenet: .* the whole of it, found imagenet-part-22;"):
        Run(experiment, 0, tmp_path / "runs" / "e" / "seed-0").execute()
