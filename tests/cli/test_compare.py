"""A comparison's common settings are refused before anything trains, with those that would do."""

import shlex

import pytest

from apical.cli.compare import accept, main
from apical.cli.support.flags import cli
from apical.data import load
from apical.errors import UsageError
from apical.rules import BP, AssociativeSTDP, GhostMA
from apical.settings import Settings


@pytest.fixture(scope="module")
def digits():
    return load("digits").select((0, 1))


def test_a_rule_that_refuses_is_named_before_anything_trains(tmp_path):
    with pytest.raises(UsageError, match=r"ghost-ma refuses these .*no biases.*--no-bias"):
        main(["bp", "ghost-ma", "--data", "digits", "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("rule", [GhostMA(), AssociativeSTDP()], ids=lambda rule: rule.name)
def test_what_is_advised_is_what_all_of_them_take(rule, digits):
    with pytest.raises(UsageError) as refused:
        accept(rule, digits, Settings())
    advised = shlex.split(str(refused.value).partition("compare with ")[2])
    settings = read(advised)
    for each in (rule, BP()):
        accept(each, digits, settings)


def read(args: list[str]) -> Settings:
    def command(settings: Settings = Settings()) -> Settings:
        return settings

    return cli(command, args, "test")


def test_what_the_recipe_does_not_cure_is_told_as_it_is():
    with pytest.raises(UsageError, match=r"^associative-stdp: .*choose two classes"):
        accept(AssociativeSTDP(), load("digits"), Settings())


def test_a_rule_that_accepts_is_left_alone(digits):
    accept(BP(), digits, Settings())
