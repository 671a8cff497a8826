"""Figures in the texts are those of the committed runs, and commands in them exist."""

import json
import re
from importlib import import_module
from pathlib import Path

import pytest
from benchmarks.together.run import table

from apical import measurements
from apical.cli.main import COMMANDS
from apical.runs.statistics import half_width, paired_difference

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "results"


@pytest.mark.parametrize("text", ["README.md", "docs/results/mnist/README.md"])
@pytest.mark.parametrize("rule", ["bp", "fa", "dfa", "fa-frsf"])
def test_accuracies_come_from_the_committed_runs(text, rule):
    assert shown_in((ROOT / text).read_text(), RESULTS / "mnist", rule)


@pytest.mark.parametrize("text", ["README.md", "docs/results/mnist-tuned/comparison.md"])
@pytest.mark.parametrize("rule", ["bp", "fa", "dfa"])
def test_those_of_tuned_rules_do_too(text, rule):
    assert shown_in((ROOT / text).read_text(), RESULTS / "mnist-tuned", rule)


def shown_in(text: str, results: Path, rule: str) -> bool:
    """Whether tables show a rule's accuracy and its difference to BP's."""

    def accuracy(name):
        return json.loads((results / name / "summary.json").read_text())["test_accuracy"]

    ours = accuracy(rule)
    shown = [f"| {100 * ours['mean']:.2f} ± {100 * half_width(ours['list']):.2f} |"]
    if rule != "bp":
        mean, half = paired_difference(ours["list"], accuracy("bp")["list"])
        shown.append(f"| {100 * mean:+.2f} ± {100 * half:.2f} |")
    return all(cell in text for cell in shown)


def test_commands_in_the_readme_exist():
    named = set(re.findall(r"^apical (\w+)", (ROOT / "README.md").read_text(), flags=re.MULTILINE))
    assert named
    assert named <= COMMANDS.keys()


def test_links_in_the_texts_lead_somewhere():
    texts = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.md")]
    texts.append(ROOT / "benchmarks" / "README.md")
    site = ROOT / "docs" / "site"  # whose links are checked where it is built
    for text in (text for text in texts if site not in text.parents):
        for link in re.findall(r"\]\(([^)#:]+)\)", text.read_text()):
            assert (text.parent / link).exists(), f"{text}: {link}"


def test_the_walk_of_a_minibatch_passes_functions_that_exist():
    """`module:name` in the design notes is an attribute of that module of the package."""
    text = (ROOT / "docs" / "design.md").read_text()
    passed = re.findall(r"`([a-z_]+(?:\.[a-z_]+)*):(\w+)`", text)
    assert len(passed) > 10
    for module, name in passed:
        assert hasattr(import_module(f"apical.{module}"), name), f"{module}:{name}"


def test_a_benchmark_says_under_what_load_it_was_measured():
    folder = ROOT / "benchmarks"
    measured = json.loads((folder / "ghost_units" / "results.json").read_text())["load_before"]
    assert f"a load of {measured:.2f} when it began" in (folder / "README.md").read_text()


def test_what_diagnostics_take_is_what_was_measured():
    result = json.loads((ROOT / "benchmarks" / "diagnostics" / "results.json").read_text())
    share = result["percent"]
    of_epoch = [f"{share['gauss-newton']:.0f} %", f"{share['saturation']:.1f} %"]
    of_epoch.append(f"{share['effective-rank']:.0f} %")
    assert "one CPU core, {}, {} and {}".format(*of_epoch) in (ROOT / "README.md").read_text()
    told = measurements.__doc__
    assert all(each in told for each in (*of_epoch, f"{share['alignment']:.1f} %"))
    text = (ROOT / "benchmarks" / "README.md").read_text()
    for name, digits in (("alignment", 1), ("gauss-newton", 0), ("saturation", 1)):
        assert f"{name} {share[name]:.{digits}f} %" in text
    assert f"a load of {result['load_before']:.1f} when it began" in text


def test_the_table_of_seeds_together_is_of_its_results():
    folder = ROOT / "benchmarks"
    result = json.loads((folder / "together" / "results-cpu.json").read_text())
    assert table(result) in (folder / "README.md").read_text()


def below(heading: str) -> str:
    """The first Python block below a heading of the README."""
    section = (ROOT / "README.md").read_text().partition(f"## {heading}\n")[2]
    return re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)[0]


@pytest.mark.parametrize("heading", ["Take a model away", "Your own data", "With scikit-learn"])
def test_python_of_the_readme_runs(heading, tmp_path, monkeypatch):
    if "pandas" in below(heading):
        pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    exec(below(heading), {})


def test_python_of_the_page_of_listeners_runs(capsys):
    text = (ROOT / "docs" / "listeners.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    exec(code, {})
    assert [line.split()[:2] for line in capsys.readouterr().out.splitlines()] == [
        ["0", "0"], ["0", "1"], ["0", "2"],
    ]  # fmt: skip
