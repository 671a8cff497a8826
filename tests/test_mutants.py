"""The tests catch every planted defect of `tests/mutants`."""

import pytest

from tests.mutants import MUTANTS
from tests.mutants.mutant import Mutant
from tests.mutants.planting import ROOT, is_caught, plant, run

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_it_is_caught(mutant):
    assert is_caught(mutant)


def test_without_a_defect_a_test_of_every_file_passes():
    one_a_file = {test.partition("::")[0]: test for m in MUTANTS for test in m.tests}
    code, said = run(ROOT / "src", tuple(one_a_file.values()))
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
