"""Every cheat is named, and what it was cheating about."""

import pytest

from apical.audit import audit
from tests.audit.cheats import CAUGHT, Called, Hebb, LocalLosses, Mirrored, OwnWeight


@pytest.mark.parametrize("cheat", CAUGHT, ids=lambda cheat: cheat.__name__)
def test_a_cheat_is_named(cheat):
    lines = audit(cheat()).contradictions
    assert any(CAUGHT[cheat] in line for line in lines), lines
    assert all(line.startswith(f"{cheat.name}: ") for line in lines)


def test_an_honest_local_rule_is_not():
    found = audit(Hebb())
    assert found.contradictions == ()
    assert {(l.seen.inputs, l.seen.units, l.seen.label) for l in found.hidden} == {
        ("own", "own", False)
    }


def test_a_weight_may_read_itself():
    assert audit(OwnWeight()).contradictions == ()


def test_an_honest_rule_of_local_losses_is_not():
    found = audit(LocalLosses())
    assert found.contradictions == ()
    assert {each.seen.elsewhere for each in found.hidden} == {()}
    assert [each.seen.derivatives for each in found.hidden] == [(1,), (2,)]


def test_an_honest_rule_that_learns_its_feedback_from_noise_is_not():
    """By activity it may come to know of weights."""
    found = audit(Mirrored())
    assert found.contradictions == ()
    assert {each.seen.transport for each in found.hidden} == {"none"}


def test_what_the_trace_does_not_know_is_told():
    assert audit(Called()).unknown == ("pure_callback",)
