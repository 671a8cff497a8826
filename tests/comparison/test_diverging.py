"""A rule that diverges has a row that says so, and the others are compared all the same."""

import json
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import pytest

import apical
from apical.comparison.compare import plan
from apical.comparison.diverged import unless_diverged
from apical.comparison.tables import latex, markdown
from apical.comparison.tuned import Tuning
from apical.data import load
from apical.errors import ApicalError, DivergenceError
from apical.networks.layers import Fc
from apical.page import write
from apical.rules import BP
from apical.rules.rule import Credit, Rule, State
from apical.settings import Settings
from apical.values.ranges import Linear, Space
from tests.commands import apical as command

SMALL: dict[str, Any] = {"hidden": (8,), "epochs": 2, "batch_size": 20}


class Wild(Rule):
    """Backpropagation whose updates are no numbers after so many epochs, if it is wild enough."""

    after: int = 1
    wildness: float = 1.0
    space: ClassVar[Space] = {"wildness": Linear(0, 1)}

    @property
    def traits(self):
        return BP().traits

    def init(self, net, batch, key):
        return State(epoch=jnp.zeros((), jnp.int32))

    def credit(self, net, state, batch, key):
        found = BP().credit(net, State(), batch, key)
        lost = (state.epoch >= self.after) & (self.wildness > 0.5)
        network = jax.tree.map(lambda g: jnp.where(lost, jnp.nan, g), found.network)
        return Credit(network, found.signals)


pytestmark = pytest.mark.filterwarnings("ignore:seed .* not finite")


@pytest.fixture(scope="module")
def iris():
    return load("iris")


@pytest.fixture(scope="module")
def found(tmp_path_factory, iris):
    out = tmp_path_factory.mktemp("comparison")
    with pytest.warns(UserWarning, match="compare: wild is left out of the statistics; seed 5, ep"):
        told = apical.compare(["bp", Wild(), "fa"], iris, seeds=2, seed=5, out=out, **SMALL)
    return out, told


def test_the_others_go_on_and_have_their_statistics(found, iris):
    _, compared = found
    assert list(compared.results) == ["bp", "fa"]
    assert compared.diverged["wild"].where == "seed 5, epoch 2"
    assert [(d.one, d.other, d.n) for d in compared.differences] == [("fa", "bp", 2)]
    alone = apical.compare(["bp", "fa"], iris, seeds=2, seed=5, **SMALL)
    assert alone.differences == compared.differences  # p values are adjusted for one pair alone


def test_its_row_says_where(found):
    out, compared = found
    text = markdown(compared)
    assert "| wild | diverged (seed 5, epoch 2) |  |  |  |  |" in text
    assert "A rule that diverged is left out of differences, p values and costs." in text
    assert "- wild: seed 5, epoch 2, step 2: layer 1's preactivations reached nan" in text
    assert "diverged (seed 5, epoch 2)" in latex(compared)
    told = json.loads((out / "comparison.json").read_text())
    assert [rule["label"] for rule in told["rules"]] == ["bp", "fa"]
    [lost] = told["diverged"]
    assert (lost["label"], lost["where"], lost["rule"]) == ("wild", "seed 5, epoch 2", "wild")
    assert {"comparison.png", "seconds.png"} <= {path.name for path in out.iterdir()}
    page = write([out], out / "page.html").read_text()
    assert "diverged (seed 5, epoch 2)" in page


def test_without_the_first_rule_the_next_is_the_reference(iris):
    with pytest.warns(UserWarning, match="wild is left out"):
        compared = apical.compare([Wild(), "bp", "fa"], iris, seeds=1, **SMALL)
    _, bp, fa = compared.plan.contestants
    assert compared.difference(bp) is None
    difference = compared.difference(fa)
    assert difference is not None
    assert difference.other == "bp"


def test_where_no_two_rules_are_left_it_is_an_error(iris, tmp_path):
    with pytest.raises(DivergenceError, match=r"no two rules are left .*; wild: seed 0, epoch 2, "):
        apical.compare(["bp", Wild()], iris, seeds=1, out=tmp_path, **SMALL)
    assert not (tmp_path / "comparison.json").exists()


def test_a_trial_that_diverges_is_a_bad_one_and_a_search_of_such_alone_a_row(iris, tmp_path):
    base = Settings(hidden=(Fc(4),), epochs=1, batch_size=20)
    asked: dict[str, Any] = {"seeds": range(1), "tuning": Tuning(trials=4), "out": tmp_path}
    made = plan([BP(), Wild(after=0)], iris, base, **asked)
    told = made.tuned["wild"]
    assert 0 < told.diverged < 4
    assert told.values["wildness"] <= 0.5

    class Wilder(Wild):
        space: ClassVar[Space] = {"wildness": Linear(0.6, 1)}

    with pytest.warns(UserWarning, match="wilder is left out .*; all 2 trials diverged"):
        compared = apical.compare(
            ["bp", Wilder(after=0), "fa"], iris, base, seeds=1, tune=2, out=tmp_path / "other"
        )
    assert "| wilder | diverged (all 2 trials) |" in markdown(compared)
    assert list(compared.results) == ["bp", "fa"]
    assert not (tmp_path / "other" / "wilder-0").exists()


def test_one_that_diverges_while_steps_are_timed_has_a_row_too(iris):
    asked: dict[str, Any] = {"seeds": 1, "budget": "seconds:0.02"}
    with pytest.warns(UserWarning, match="wild is left out of the statistics; seed 0, epoch 2, "):
        compared = apical.compare(["bp", Wild(), "fa"], iris, **asked, **SMALL)
    where = "diverged (while its steps were timed: seed 0, epoch 2)"
    assert compared.diverged["wild"].words == where


def test_other_errors_are_raised():
    def fails():
        raise DivergenceError("as no run of ours says it")

    with pytest.raises(ApicalError, match="as no run"):
        unless_diverged(fails)


def test_the_command_ends_well(tmp_path):
    asked = ("--data", "iris", "--hidden", 4, "--epochs", 2, "--batch-size", 20)
    with pytest.warns(UserWarning, match="wild is left out of the statistics; seed 0, epoch 2, "):
        said = " ".join(command("compare", "bp", "wild", "fa", *asked).split())
    assert "diverged (seed 0," in said
    assert "A rule that diverged is left out" in said
    again = command("compare", "bp", "wild", *asked, code=1)
    assert "no two rules are left" in again
