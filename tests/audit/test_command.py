"""`apical audit`: a rule of one's own, JSON, and the exit code of a claim that does not hold."""

import json

import pytest

from apical.values import extensions
from tests.commands import apical

MINE = """
from apical.feedback import Transport
from apical.rules import BP
from apical.rules.rule import Traits


class ClaimsNone(BP):
    '''Claims to transport nothing.'''

    @property
    def traits(self):
        return Traits(Transport.NONE, gradient=True, memoryless=True)
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "claims_none.py"
    path.write_text(MINE)
    return path


@pytest.fixture
def mine(file, monkeypatch):
    """It is loaded in this process alone."""
    monkeypatch.setenv(extensions.VARIABLE, "")
    return f"{file}:ClaimsNone"


def test_a_claim_that_does_not_hold_is_a_line_and_exit_code_1(mine):
    said = apical("audit", mine, code=1)
    assert (
        "apical: claims-none: transport: claims none; layer 1's signal or update reads the w"
        in said
    )
    assert "weights, everywhere" in " ".join(said.split())


def test_json_holds_every_layer():
    said = apical("audit", "bp", "fa", "--json")
    bp, fa = json.loads(said, parse_constant=pytest.fail)
    assert [each["seen"]["transport"] for each in bp["layers"]] == ["weights", "weights", "none"]
    assert fa["times"] is None


def test_a_rule_that_there_is_not_is_told():
    assert "rule: there is no 'fe'" in apical("audit", "fe", code=2)
