"""A paper is a folder: CONTRIBUTING.md's files are all that running and publishing it take."""

import json

import pytest

import apical.papers
from apical.errors import UsageError
from apical.reproduce import paper
from apical.reproduce.publish import publish
from apical.reproduce.reproduction import Reproduction

CLAIMS = """
title = "A paper"
reference = "Nobody 2026"
seeds = { smoke = 1, quick = 3, paper = 3 }

[[claims]]
id = "learns"
claim = "feedback alignment is above chance"
source = "Table 1"
sure = "sure"
epochs = 2
ruled = "2026-11-28"
test = { kind = "above", term = "fa@2", metric = "val_accuracy", value = 0.12 }
deviations = [1]

[[aims]]
id = "perfect"
aim = "it makes no mistake"
ruled = "2026-11-28"
after_runs = "of a whim"
test = { kind = "every", term = "fa", metric = "val_accuracy", value = 1.0 }

[[deviations]]
id = 1
text = "Digits of 8 x 8."
"""
EXPERIMENTS = """
from apical.reproduce.experiment import Experiment
from apical.rules import FA
from apical.settings import Settings


def experiments(protocol):
    epochs = 1 if protocol == "smoke" else 2
    yield Experiment("fa", FA(), Settings(epochs=epochs, lr=1e-2, record_test=True), data="digits")
    yield Experiment("of-no-claim", FA(), Settings(epochs=epochs), data="digits")
"""
FIGURES = """
def draw(evidence, folder):
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "table-1.md"
    table.write_text(f"Seeds: {len(evidence.runs('fa'))}\\n")
    return [table]
"""
COVERAGE = """
[[items]]
source = "Table 1"
says = "It learns."
claims = ["learns", "perfect"]

[[items]]
source = "Figure 1"
says = "It is fast."
not_run = "a clock"
"""
README = """# A paper

In <!-- fa seeds -->0 seeds it learns <!-- fa last % -->0.0 ± 0.0 %.

<!-- coverage -->
<!-- end of coverage -->

<!-- results -->
<!-- end of results -->
"""
FILES = {
    "__init__.py": "",
    "claims.toml": CLAIMS,
    "coverage.toml": COVERAGE,
    "experiments.py": EXPERIMENTS,
    "figures.py": FIGURES,
    "README.md": README,
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The new paper's folder, among no others."""
    papers = tmp_path / "papers"
    folder = papers / "brand_new"
    folder.mkdir(parents=True)
    for name, content in FILES.items():
        (folder / name).write_text(content)
    monkeypatch.setattr(paper, "FOLDER", papers)
    monkeypatch.setattr(apical.papers, "__path__", [str(papers)])
    return folder


def test_a_folder_is_all_that_a_paper_needs(folder, tmp_path):
    assert paper.names() == ["brand-new"]
    asked = Reproduction(paper.read("brand-new"), "quick", tmp_path / "out", only=("learns",))
    missing = asked.missing()
    assert [job.label for job in missing] == ["fa seed 0", "fa seed 1", "fa seed 2"]
    for job in missing:
        job.execute()
    assert asked.missing() == []

    publish("brand-new", tmp_path / "out", "quick", records=True)
    claim, aim = json.loads((folder / "results" / "quick" / "claims.json").read_text())
    assert (claim["id"], claim["verdict"], claim["n"]) == ("learns", "reproduced", 3)
    assert (aim["id"], aim["verdict"], aim["n"]) == ("perfect", "not met", 3)
    assert (tmp_path / "out" / "coverage.md").read_text().count("\n") == 4
    text = (folder / "README.md").read_text()
    assert "| Table 1 | It learns. | reproduced: `learns`; not met: `perfect` |" in text
    assert "| Figure 1 | It is fast. | not run: a clock |" in text
    assert "In <!-- fa seeds -->3 seeds it learns <!-- fa last % -->" in text
    assert "0.0 ± 0.0 %" not in text
    assert "| `learns` feedback alignment is above chance | Table 1 (sure) | > 0.12 |" in text
    assert "| `perfect` it makes no mistake | >= 1 in every seed |" in text
    assert "2026-11-28, after runs: of a whim" in text
    assert "Seeds: 3" in text
    assert "1. Digits of 8 x 8." in text

    # The records of another machine are published as its runs would be.
    brought = (folder / "records.jsonl.xz").rename(tmp_path / "records.jsonl.xz")
    results = (folder / "results" / "quick" / "claims.json").read_text()
    publish("brand-new", tmp_path / "third", "quick", records=True, brought=brought)
    assert (folder / "records.jsonl.xz").read_bytes() == brought.read_bytes()
    assert (folder / "results" / "quick" / "claims.json").read_text() == results
    with pytest.raises(UsageError, match=r"nowhere: not found; name a file of records"):
        publish("brand-new", tmp_path / "third", "quick", brought=tmp_path / "nowhere")

    elsewhere = Reproduction(paper.read("brand-new"), "quick", tmp_path / "second")
    assert len(elsewhere.missing()) == 6
    labels = [job.label for job in elsewhere.missing(recorded=True)]
    assert labels == [f"of-no-claim seed {seed}" for seed in range(3)]
