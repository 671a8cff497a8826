"""`apical rules` tells of every rule what it claims, recommends and costs."""

from dataclasses import fields

import pytest

from apical.cli.rules import CLAIMS, main
from apical.errors import UsageError
from apical.rules import RULES
from apical.rules.rule import Traits
from apical.values.spelling import spell


def test_every_rule_is_listed_with_what_it_is(capsys):
    main([])
    said = capsys.readouterr().out
    assert all(f" {rule.name} " in said for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_is_told_with_its_equation_recipe_and_space(rule, capsys):
    main([rule.name])
    said = capsys.readouterr().out
    assert "Source:" in said
    assert all(f"  {name} {spell(span)}\n" in said for name, span in rule.space.items())
    assert f"--batch-size {rule.recipe.batch_size}" in said or rule.recipe.batch_size == 100
    claimed = [text for trait, text in CLAIMS.items() if getattr(rule().traits, trait)]
    assert [f"  {text}\n" in said for text in CLAIMS.values()].count(True) == len(claimed)


def test_every_trait_has_words():
    assert {*CLAIMS, "transport"} == {field.name for field in fields(Traits)}


def test_a_field_changes_the_claim(capsys):
    main(["fa"])
    assert "read no forward weights" in capsys.readouterr().out
    main(["fa:usf"])
    assert "read the signs of the forward weights" in capsys.readouterr().out


def test_what_a_step_costs_is_told_on_request(capsys):
    main(["itd", "--cost"])
    assert "times bp's operations" in capsys.readouterr().out


def test_operations_of_dynamics_are_not_told(capsys):
    """The compiler counts their steps as one."""
    main(["ghost-ma", "--cost"])
    said = capsys.readouterr().out
    assert "times bp's memory" in said
    assert "operations" not in said


def test_mistakes_are_told():
    with pytest.raises(UsageError, match="there is no 'nope'"):
        main(["nope"])
    with pytest.raises(UsageError, match="name it"):
        main(["--cost"])
