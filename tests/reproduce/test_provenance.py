"""Every committed run names a clean commit of this history, and its raw record is kept."""

import csv
import subprocess
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from apical.reproduce import paper

ROOT = Path(__file__).parents[2]


def git(*arguments):
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(autouse=True)
def _whole_history():
    if git("rev-parse", "--is-shallow-repository").stdout.strip() != "false":
        pytest.skip("the history is not here (a shallow clone, or no repository)")


@cache
def committed_on(commit):
    """The day of a commit that the present one descends from; None for any other."""
    if git("merge-base", "--is-ancestor", commit, "HEAD").returncode:
        return None
    return date.fromisoformat(git("show", "-s", "--format=%cs", commit).stdout.strip())


def listed(name):
    """(protocol, experiment, seed) and commit of every run that the paper's results list."""
    results = paper.read(name).results
    for file in sorted(results.rglob("runs.csv")):
        protocol = "paper" if file.parent == results else file.parent.name
        with file.open() as lines:
            for row in csv.DictReader(lines):
                yield (protocol, row["experiment"], int(row["seed"])), row["commit"]


def recorded(name):
    """The same of every run that its records hold."""
    records = paper.read(name).records
    for run in records.names():
        yield tuple(run), records.files(run)["env.json"]["commit"]


@pytest.mark.parametrize("name", paper.names())
def test_every_run_is_of_a_clean_commit_of_this_history(name):
    runs = [*listed(name), *recorded(name)]
    assert runs
    assert {commit for _, commit in runs if committed_on(commit) is None} == set()


@pytest.mark.parametrize("name", paper.names())
def test_every_listed_run_has_its_record(name):
    finished = {run for run, _ in listed(name)}
    assert finished <= {run for run, _ in recorded(name)}


@pytest.mark.parametrize("name", paper.names())
def test_claims_are_committed_with_the_runs_they_rest_on(name):
    for file in paper.read(name).results.rglob("claims.json"):
        assert (file.parent / "runs.csv").exists(), file


@pytest.mark.parametrize("name", paper.names())
def test_a_rule_that_is_younger_than_its_runs_says_so(name):
    """By the day of the commit; what has not all run could not be known."""
    days: dict[str, date] = {}
    for (_, experiment, _), commit in listed(name):
        days[experiment] = min(committed_on(commit) or date.max, days.get(experiment, date.max))
    for statement in paper.read(name).statements:
        ran = [days.get(e, date.max) for e in statement.judgement.experiments]
        assert statement.after_runs or max(ran) >= statement.ruled, statement.id
