"""Values in the words of the command line and of config.json."""

import pytest

from apical.errors import UsageError
from apical.rules import DTP, FA, GhostMB, Rule
from apical.rules.ghost.stepping import Strides
from apical.rules.target_propagation.inverses import NoisePreserving
from apical.values.spelling import decode, spell
from apical.values.value import parse


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (GhostMB(), "ghost-mb"),
        (GhostMB(dt=0.002), "ghost-mb:0.002"),
        (GhostMB(stepping=Strides(20)), "ghost-mb:stepping=strides:20"),
        (GhostMB(dt=0.002, per_layer=(20, 5)), "ghost-mb:0.002,per-layer=20/5"),
        (DTP(inverse=NoisePreserving(0.1)), "dtp:inverse=noise-preserving:0.1"),
    ],
)
def test_fields_after_one_at_its_default_are_named(rule, text):
    assert spell(rule) == text
    assert parse(Rule, text) == rule


def test_fields_may_be_named_anyway():
    assert parse(Rule, "ghost-mb:dt=0.002,tau=0.02") == GhostMB(dt=0.002, tau=0.02)
    assert parse(Rule, "ghost-mb:0.002,tau=0.02") == GhostMB(dt=0.002, tau=0.02)
    within = DTP(alpha=0.3, inverse=NoisePreserving(0.1))
    assert parse(Rule, "dtp:0.3,noise-preserving:sigma=0.1") == within


def test_a_list_with_commas_is_refused_and_does_not_fill_another_field():
    with pytest.raises(UsageError, match=r"'0\.004' has no name .* slashes, as in main-rates=4/"):
        parse(Rule, "ghost-mb:main-rates=4,0.004")


@pytest.mark.parametrize("text", ["ghost-mb:stepings=strides", "ghost-mb:dt=0.001,dt=0.002"])
def test_a_field_that_is_not_there_or_there_twice_is_refused(text):
    with pytest.raises(UsageError, match=r"there is no 'stepings'|dt is given twice"):
        parse(Rule, text)


def test_a_type_that_is_not_here_is_named():
    with pytest.raises(UsageError, match="there is no 'Nope' here"):
        decode({"type": "Nope"})
    assert decode({"type": "FA"}) == FA()
