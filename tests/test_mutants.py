"""The tests catch every planted defect of `tests/mutants`."""

import pytest

from tests.mutants import MUTANTS
from tests.mutants.mutant import Mutant
from tests.mutants.planting import is_caught, linked, plant, run

pytestmark = pytest.mark.slow

USED = sorted({test for mutant in MUTANTS for test in mutant.tests})
"""The files or nodes that are to catch the defects."""
FILES = sorted({test.partition("::")[0] for test in USED})


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_it_is_caught(mutant):
    assert is_caught(mutant)


@pytest.mark.parametrize("file", FILES)
def test_without_a_defect_the_same_tests_pass(file):
    with linked() as copy:
        code, said = run(copy, tuple(test for test in USED if test.partition("::")[0] == file))
    assert code == 0, said


def test_another_package_than_the_copy_is_refused(tmp_path):
    code, said = run(tmp_path, MUTANTS[0].tests)
    assert code == 1
    assert "not the copy" in said


@pytest.mark.parametrize("old", ["a", "d"], ids=["nowhere", "twice"])
def test_a_defect_that_has_not_one_place_is_refused(tmp_path, old):
    (tmp_path / "file.py").write_text("b c d d")
    with pytest.raises(ValueError, match="exactly once"):
        plant(Mutant("m", "file.py", old, "e", ()), tmp_path)
