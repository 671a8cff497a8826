"""`apical audit`: a rule of one's own, JSON, and the exit code of a claim that does not hold."""

import json

import pytest

from tests.commands import apical

MINE = """
from apical.feedback import Transport
from apical.rules import BP
from apical.rules.rule import Traits


class Mine(BP):
    '''Claims to transport nothing.'''

    name = "mine"

    @property
    def traits(self):
        return Traits(Transport.NONE, gradient=True, memoryless=True)
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """One for all tests: a process imports a file once."""
    path = tmp_path_factory.mktemp("audited") / "audited_file.py"
    path.write_text(MINE)
    return path


@pytest.fixture
def mine(file):
    return f"{file}:Mine"


def test_a_claim_that_does_not_hold_is_a_line_and_exit_code_1(mine):
    said = apical("audit", mine, code=1)
    assert "apical: mine: transport: claims none; layer 1's signal or update reads the w" in said
    assert "weights, everywhere" in " ".join(said.split())


def test_json_holds_every_layer():
    said = apical("audit", "bp", "fa", "--json")
    bp, fa = json.loads(said, parse_constant=pytest.fail)
    assert [each["seen"]["transport"] for each in bp["layers"]] == ["weights", "weights", "none"]
    assert fa["times"] is None


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("fe", "rule: there is no 'fe'"),
        ("nowhere.py:Mine", "nowhere.py: not found"),
        ("{file}:Mime", "audited_file.py: there is no 'Mime'; did you mean 'Mine'?"),
        ("{file}", "which of its rules?"),
        ("{broken}:Mine", "audited_broken.py, line 1: ZeroDivisionError"),
    ],
)
def test_mistakes(rule, words, file, tmp_path):
    broken = tmp_path / "audited_broken.py"
    broken.write_text("1 / 0")
    text = rule.format(file=file, broken=broken)
    assert words in apical("audit", text, code=2)
