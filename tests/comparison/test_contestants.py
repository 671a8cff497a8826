"""Who is compared at which settings, and what is searched of them."""

import pytest

from apical.comparison.contestants import gather, reference, space
from apical.data import load
from apical.errors import UsageError
from apical.networks.layers import Fc
from apical.rules import BP, DFA, DTP, FA, ITD, AssociativeSTDP, GhostMA, GhostMAPrime, GhostMB
from apical.settings import Settings
from apical.values.ranges import Log


@pytest.fixture(scope="module")
def digits():
    return load("digits")


ASKED = Settings(hidden=(Fc(8),), epochs=3)


def test_rules_that_take_the_settings_share_them(digits):
    found = gather([BP(), FA(), DFA()], digits, ASKED)
    assert [(c.label, c.folder, c.terms) for c in found] == [
        ("bp", "bp", ""), ("fa", "fa", ""), ("dfa", "dfa", ""),
    ]  # fmt: skip
    assert {c.settings for c in found} == {ASKED}


def test_one_that_refuses_them_is_paired_with_bp_at_its_own(digits):
    found = gather([BP(), GhostMA(), FA(), GhostMB()], digits, ASKED)
    assert [(c.label, c.terms) for c in found] == [
        ("bp", ""), ("fa", ""),
        ("bp@ghost-ma", "ghost-ma"), ("ghost-ma", "ghost-ma"),
        ("bp@ghost-mb", "ghost-mb"), ("ghost-mb", "ghost-mb"),
    ]  # fmt: skip
    assert len({c.folder for c in found}) == len(found)
    for own, bp in ((found[3], found[2]), (found[5], found[4])):
        assert own.settings == bp.settings
        assert (own.settings.hidden, own.settings.epochs) == (ASKED.hidden, 3)
        assert own.settings.batch_size == own.rule.recipe.batch_size
        assert reference(found, own) == bp
    assert reference(found, found[1]) == found[0]


def test_rules_with_the_same_settings_of_their_own_share_a_bp(digits):
    found = gather([FA(), GhostMA(), GhostMAPrime()], digits, ASKED)
    assert [c.label for c in found] == ["fa", "bp@ghost-ma", "ghost-ma", "ghost-ma-prime"]
    assert found[1] == reference(found, found[3])


def test_what_the_recipe_does_not_cure_is_told_as_it_is(digits):
    with pytest.raises(UsageError, match=r"^associative-stdp: .*choose two classes"):
        gather([BP(), AssociativeSTDP()], digits, ASKED)


def test_each_is_searched_over_its_own_space(digits):
    found = gather([BP(), DTP(), GhostMB()], digits, ASKED)
    bp, dtp, _, ghost = found
    assert space(bp, found) == BP.space
    assert space(dtp, found) == DTP.space
    assert space(ghost, found) == GhostMB.space


def test_an_optimizer_that_the_space_is_not_for_is_searched_as_its_own_rule_does(digits):
    found = gather([BP(), ITD(), GhostMB()], digits, ASKED)
    bp, itd, bp_at_ghost, ghost = found
    assert space(itd, found) == space(bp, found)
    assert space(bp_at_ghost, found) == space(ghost, found) == {"lr": Log(0.1, 10.0)}
    alone = gather([ITD()], digits, ASKED)
    assert space(alone[0], alone) == {"lr": Log(ASKED.lr / 10, ASKED.lr * 10)}
