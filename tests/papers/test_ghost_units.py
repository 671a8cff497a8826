"""The ghost-unit paper: its settings, and what its runs are examined for."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from apical.feedback import FixedRandom, Transpose
from apical.networks.activations import sigmoid
from apical.networks.initialisers import Uniform
from apical.networks.layers import Fc
from apical.papers.ghost_units.experiments import (
    BEST_RATES,
    RATES,
    cells,
    controls,
    experiments,
    mb,
    quick,
)
from apical.papers.ghost_units.gradient import relative_errors
from apical.papers.ghost_units.tables import table_1
from apical.papers.ghost_units.theorem import predicted
from apical.papers.ghost_units.trace import watch
from apical.reproduce import paper
from apical.reproduce.evidence import Evidence
from apical.reproduce.readme import text_of
from apical.rules import BP, GhostMA, GhostMB, Rule, State
from apical.rules.ghost.circuit import euler, feel
from apical.rules.ghost.stepping import Strides
from apical.rules.integrate import integrate
from apical.testing import laws
from apical.training.supervised import Carry
from apical.values.spelling import spell
from tests import tiny

pytestmark = pytest.mark.usefixtures("float64")

MB = GhostMB(free_steps=30, clamped_steps=20, main_rates=(4.0,))

MA_1 = {"dt": 0.001, "beta": 10, "steps": (200, 200), "range": 0.2, "batch": 100, "epochs": 200,
        "main": (0.1,), "ghost": 0.05}  # fmt: skip
MA_2 = {**MA_1, "range": 0.1, "epochs": 300}
MB_1 = {"dt": 0.005, "beta": 0.1, "steps": (100, 40), "range": 0.05, "batch": 1, "epochs": 50,
        "ghost": 20, "ghosts": (5,)}  # fmt: skip
MB_2 = {**MB_1, "ghosts": (20, 5)}
MB_2_TF = {**MB_2, "steps": (140, 40)}
TABLES: dict[str, dict[str, Any]] = {
    **{f"ma-{width}-{feedback}": MA_1 for width in (100, 300, 500) for feedback in ("tf", "fa")},
    "ma-500-500-tf": {**MA_2, "main": (0.01,), "ghost": 0.01},
    "ma-500-500-fa": {**MA_2, "main": (0.05,), "ghost": 0.02},
    "ma-prime-500-tf": {
        **MA_1,
        "beta": 0.2,
        "epochs": 100,
        "main": (0.2,),
        "ghost": 0.03,
        "clip": 2,
    },
    **{f"mb-{width}-tf": {**MB_1, "main": (4.0, 0.04)} for width in (100, 300, 500)},
    **{f"mb-{width}-fa": {**MB_1, "main": (8.0, 0.2)} for width in (100, 300, 500)},
    "mb-300-300-tf": {**MB_2_TF, "main": (40.0, 0.1, 0.005)},
    "mb-500-500-tf": {**MB_2_TF, "main": (40.0, 0.1, 0.01)},
    "mb-300-300-fa": {**MB_2, "main": (200.0, 2.0, 0.02)},
    "mb-500-500-fa": {**MB_2, "main": (200.0, 1.0, 0.01)},
}
"""Tables 2 to 4, by cell of Table 1."""


@pytest.mark.parametrize("cell", list(cells()), ids=lambda cell: cell.name)
def test_the_papers_tables(cell):
    rule, settings, wanted = cell.rule, cell.settings, dict(TABLES[cell.name])
    model, *hidden, feedback = cell.name.removeprefix("ma-prime-").removeprefix("ma-").split("-")
    assert settings.hidden == tuple(Fc(int(n)) for n in (model, *hidden) if n.isdigit())
    found = {
        "dt": rule.dt,
        "beta": rule.beta,
        "steps": (rule.free_steps, rule.clamped_steps),
        "batch": settings.batch_size,
        "epochs": settings.epochs,
        "main": rule.main_rates,
        "ghost": rule.ghost_rate,
        **({"clip": rule.clip} if "clip" in wanted else {}),
        **({"ghosts": rule.per_layer} if "ghosts" in wanted else {}),
    }
    spread = Uniform(wanted.pop("range"))
    assert found == wanted
    assert rule.tau == 0.01
    assert settings.init == rule.lateral == spread
    assert rule.feedback == (Transpose() if feedback == "tf" else FixedRandom(spread))
    assert (settings.optimizer, settings.lr, settings.bias) == ("sgd", 1.0, False)


def test_every_cell_of_table_1_is_there():
    assert {cell.name for cell in cells()} == set(TABLES)


@pytest.mark.parametrize("cell", list(cells()), ids=lambda cell: cell.name)
def test_only_ma_with_two_hidden_layers_is_quick_in_strides_and_says_so(cell):
    short = quick(cell)
    assert short.settings == replace(cell.settings, epochs=cell.settings.epochs // 50)
    if cell.name.startswith("ma-500-500"):
        assert short.name == f"strides-10-{cell.name}"
        assert short.rule == replace(cell.rule, stepping=Strides(10))
    else:
        assert (short.name, short.rule) == (cell.name, cell.rule)


def test_a_control_differs_from_its_cells_in_the_rule_and_its_rate_alone():
    ghosts = {cell.name: cell.settings for cell in cells()}
    for control in controls():
        assert control.rule == BP()
        for feedback in ("tf", "fa"):
            same = ghosts[control.name.replace("bp", feedback)]
            assert replace(control.settings, lr=same.lr) == same


def test_the_controls_rates_are_those_that_validation_chose(tmp_path):
    records = paper.read("ghost-units").records
    evidence = Evidence(tmp_path)
    for name in (name for name in records.names("paper") if "-bp-lr-" in name.experiment):
        records.unpack(name, name.below(tmp_path))
    for model, rates in RATES.items():
        (scores,) = zip(
            *(evidence.values(f"{model}-100-bp-lr-{lr:g}", "val_accuracy") for lr in rates),
            strict=True,
        )
        assert rates[np.argmax(scores)] == BEST_RATES[model]


def test_another_nudge_keeps_the_size_of_a_step():
    usual, strong = mb(100, "tf").rule, mb(100, "tf", beta=1.0).rule
    assert isinstance(usual, GhostMB)
    assert isinstance(strong, GhostMB)
    assert strong.beta == 1.0
    for a, b in zip(usual.main_rates, strong.main_rates, strict=True):
        assert usual.beta * a == pytest.approx(strong.beta * b)


def test_another_number_of_ghosts_learns_as_fast():
    for ghosts in (1, 50):
        rule = mb(100, "tf", ghosts).rule
        assert isinstance(rule, GhostMB)
        assert rule.per_layer == (ghosts,)
        assert ghosts * rule.ghost_rate == pytest.approx(100)


def test_depths_are_compared_at_one_rate_and_the_readme_says_which():
    """Table 2 has others for one hidden layer, so that the four are no series of its cells."""
    deep = {e.name: e for e in experiments("quick") if e.name.startswith("depth-")}
    assert len(deep) == 4
    for depth, cell in enumerate(deep.values(), start=1):
        assert cell.settings.hidden == (Fc(100),) * depth
        assert cell.rule == GhostMA(
            main_rates=(0.01,), ghost_rate=0.01, lateral=Uniform(0.1), feedback=Transpose()
        )
    told = text_of(paper.read("ghost-units")).partition("*Depth*")[2]
    assert "rates of .01 and first weights within .1" in told
    assert "<!-- quick/ma-100-tf last % -->" in told


def circuit(rule, hidden=(5, 4)):
    net = tiny.network(hidden, sigmoid, rule.recipe.loss, output=sigmoid, bias=False)
    batch = tiny.batch(net, examples=1)
    return net, batch, laws.warm(rule, net, batch)


def test_a_watched_circuit_is_the_plain_loops():
    net, batch, state = circuit(MB)
    seen = watch(MB, Carry(net, state, None, None), batch)
    assert seen.outputs.shape == (MB.free_steps + MB.clamped_steps, 3)
    assert seen.label == int(jnp.argmax(batch.y[0]))

    now = MB.circuit(net, state.kept, batch)
    (free, learned_free, _), (clamped, learned_clamped, _) = MB.stages(
        net, state.kept, batch, laws.STEP_KEY
    )

    def after(now, phase, plasticity, steps):
        return integrate(lambda s: euler(s[0], s[1], phase, plasticity, MB.dt / MB.tau), now, steps)

    rested = after(now, free, learned_free, MB.free_steps)
    last = after(rested, clamped, learned_clamped, MB.clamped_steps - 1)
    for step, (potentials, weights), phase in (
        (0, now, free), (MB.free_steps, rested, clamped), (-1, last, clamped),
    ):  # fmt: skip
        laws.assert_close(seen.outputs[step], potentials.u[-1][0])
        laws.assert_close(seen.errors[step], feel(potentials, weights, phase).errors[0][0])


@pytest.mark.parametrize("feedback", [Transpose(), FixedRandom()], ids=spell)
def test_the_corrected_theorem_predicts_the_errors_of_mb(feedback):
    """To first order in beta, once the feedback has been learned away."""
    rule = GhostMB(
        free_steps=4000, clamped_steps=400, beta=1e-4, ghost_rate=20.0, lateral=Uniform(1.0),
        feedback=feedback,
    )  # fmt: skip
    net, batch, state = circuit(rule, (6,))
    kept = laws.credit(rule, net, batch, state).kept
    _, clamped = rule.stages(net, kept, batch, laws.STEP_KEY)
    ended = (*rule.circuit(net, kept, batch), clamped.phase)
    error, expected = feel(*ended).errors[0][0], predicted(*ended)
    np.testing.assert_allclose(error, expected, rtol=1e-2, atol=1e-3 * float(jnp.abs(error).max()))
    _, above = laws.credit(BP(), net, batch).signals
    uncorrected = -rule.beta * net.layers[1].pull(above)[0]
    assert float(jnp.linalg.norm(error - uncorrected)) > 0.02 * float(jnp.linalg.norm(error))


class Scaled(Rule):
    """BP whose teaching signals are too long, layer by layer."""

    factors: tuple[float, ...] = (1.0, 1.0)
    name = "scaled"

    @property
    def traits(self):
        return BP().traits

    def init(self, net, batch, key):
        return State()

    def credit(self, net, state, batch, key):
        credit = BP().credit(net, state, batch, key)
        signals = tuple(c * s for c, s in zip(self.factors, credit.signals, strict=True))
        return eqx.tree_at(lambda c: c.signals, credit, signals)


def test_relative_errors_are_pooled_over_minibatches():
    net = tiny.network((5,), sigmoid)
    batches = [tiny.batch(net, examples=3, seed=seed) for seed in range(4)]
    stacked = jax.tree.map(lambda *a: jnp.stack(a), *batches)

    def found(*factors):
        return relative_errors(Scaled(factors), net, None, stacked)

    assert found(1.0, 1.0) == {"hidden": 0, "output": 0, "all": 0}
    assert found(3.0, 3.0) == pytest.approx({"hidden": 2, "output": 2, "all": 2})
    gradients = [BP().credit(net, State(), batch, laws.KEY).network.layers for batch in batches]
    lower, upper = (
        sum(float(jnp.sum(layers[l].weight ** 2)) for layers in gradients) for l in (0, 1)
    )
    share = np.sqrt(lower / (lower + upper))
    assert found(0.0, 1.0) == pytest.approx({"hidden": 1, "output": 0, "all": share})


RAN = ("strides-10-ma-500-500-tf", "mb-100-fa", "mb-100-tf")


class Ran(Evidence):
    """Evidence of three finished runs."""

    def summary(self):
        run = {"seed": 0, "epochs": 1, "train_accuracy": 0.5, "test_accuracy": 0.25}
        return [{**run, "experiment": name} for name in RAN]


class Twice(Ran):
    """Evidence of two seeds of each."""

    def summary(self):
        return [{**run, "test_accuracy": test} for run in super().summary() for test in (0.9, 1.0)]


def test_table_1_has_no_interval_of_two_seeds():
    last = table_1(Twice(Path())).strip().splitlines()[-1]
    assert last == "| mb-100-tf | 1 / 50 | 2 | 0.5000 / 0.9931 | 0.9500 / 0.9722 |"


def test_table_1_puts_each_cell_beside_the_papers():
    deep, fa, tf = table_1(Ran(Path())).strip().splitlines()[-3:]
    assert deep == (
        "| strides-10-ma-500-500-tf | 1 / 300 | 1 | 0.5000 / 0.9967 | 0.2500 / 0.9786 |"
    )
    assert fa == "| mb-100-fa | 1 / 50 | 1 | 0.5000 / 0.9893 | 0.2500 / 0.9739 |"
    assert tf == "| mb-100-tf | 1 / 50 | 1 | 0.5000 / 0.9931 | 0.2500 / 0.9722 |"
