"""Planted defects have a place and tests to catch them; `make mutants` plants them."""

import ast
import multiprocessing
from collections import Counter

import pytest

from tests.mutants import MUTANTS, ghost
from tests.mutants.choosing import ROOT, by_file, changed_since, choose, concerns
from tests.mutants.mutant import Mutant
from tests.mutants.planting import plant, run


def test_each_has_exactly_one_place():
    source = ROOT / "src" / "apical"
    found = {m.name: (source / m.file).read_text().count(m.old) for m in MUTANTS}
    assert {name: count for name, count in found.items() if count != 1} == {}
    assert [name for name, count in Counter(m.name for m in MUTANTS).items() if count > 1] == []


def test_the_tests_that_are_to_catch_them_exist():
    for file, *nodes in ((tests[0].partition("::")[0], *tests) for tests in by_file([*MUTANTS])):
        tree = ast.parse((ROOT / file).read_text())
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        named = {node.partition("::")[2].partition("[")[0] for node in nodes}
        assert named <= functions, file


@pytest.mark.parametrize("old", ["a", "d"], ids=["nowhere", "twice"])
def test_a_defect_that_has_not_one_place_is_refused(tmp_path, old):
    (tmp_path / "file.py").write_text("b c d d")
    with pytest.raises(ValueError, match="exactly once"):
        plant(Mutant("m", "file.py", old, "e", ()), tmp_path)


def test_another_package_than_the_copy_is_refused(tmp_path):
    ran = run(tmp_path, MUTANTS[0].tests, multiprocessing.get_context("spawn"))
    assert ran.code == 1
    assert "not the copy" in ran.said


def test_a_change_chooses_defects_in_it_and_those_caught_by_it():
    mutant = next(m for m in MUTANTS if m.tests == ("tests/rules/test_fa.py::test_by_hand",))
    for path in (f"src/apical/{mutant.file}", "tests/rules/test_fa.py", "tests/conftest.py",
                 "src/apical/testing/laws.py"):  # fmt: skip
        assert concerns(mutant, {path, "README.md"}), path
    for path in ("src/apical/errors.py", "tests/rules/test_dfa.py", "src/apical/testing"):
        assert not concerns(mutant, {path}), path
    assert choose([], {"README.md"}) == []
    assert choose([], {"tests/mutants/ghost.py"}) == [*ghost.MUTANTS]
    assert {m.name.partition(":")[0] for m in choose(["fa: "])} == {"fa", "dfa"}


def test_a_revision_that_git_does_not_know_is_told():
    with pytest.raises(ValueError, match="since nowhere: "):
        changed_since("nowhere")
