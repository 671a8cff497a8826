"""Gauss-Newton directions, saturation and effective ranks, worked out again with whole matrices."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from apical import BP, DTP, FA, Settings, UsageError, fit
from apical.diagnostics.asked_for import measured
from apical.feedback import Transport
from apical.measurements import EffectiveRank, GaussNewton, Saturation
from apical.measurements.effective_rank import effective_rank
from apical.measurements.gauss_newton import damped_direction
from apical.measurements.saturation import saturated
from apical.networks.activations import identity, relu, sigmoid, softmax, tanh
from apical.networks.layers import Dense
from apical.networks.losses import BinaryCrossEntropy, SquaredError
from apical.rules.rule import Batch, Credit, Rule, State, Traits
from apical.runs.folder import RunFolder
from apical.testing import laws
from tests import tiny
from tests.commands import apical as command

ALL: dict[str, Any] = {"diagnose": ("gauss-newton", "saturation", "effective-rank")}
SMALL: dict[str, Any] = {"hidden": (8, 6), "epochs": 2, "batch_size": 30}

rank = jax.jit(effective_rank)


@eqx.filter_jit
def measure(measurement, net, batch, update):
    """As one program, and not one an operation."""
    return measurement(net, batch.x, batch.y, update)


@eqx.filter_jit
def output_and_jacobian(net, x, of_activity):
    """The output activity, and the derivative of it or of its preactivations by all weights."""
    weights, rest = eqx.partition(net, eqx.is_inexact_array)
    flat, build = ravel_pytree(weights)

    def output(flat):
        record = eqx.combine(build(flat), rest).record(x)
        return record.output if of_activity else record.preactivations[-1]

    return net(x), jax.jacrev(output)(flat)


def dense_solve(net, batch, damping, of_activity):
    """(J^T H J / N + damping I)^-1 g by matrices, with the loss's curvature as formulas have it."""
    h, J = map(np.asarray, output_and_jacobian(net, batch.x, of_activity))
    # J is (examples, units, weights).
    if of_activity:
        H = np.broadcast_to(np.eye(h.shape[1]), (*h.shape, h.shape[1]))
    elif net.layers[-1].activation == softmax:
        H = np.einsum("ni,ij->nij", h, np.eye(h.shape[1])) - np.einsum("ni,nj->nij", h, h)
    else:
        H = np.einsum("ni,ij->nij", h * (1 - h), np.eye(h.shape[1]))
    # The gradient in the outputs is h - y of each loss in what it is convex in.
    g = np.einsum("nip,ni->p", J, h - np.asarray(batch.y)) / len(h)
    curvature = np.einsum("nip,nij,njq->pq", J, H, J) / len(h)
    return g, np.linalg.solve(curvature + damping * np.eye(len(g)), g)


NETS = {
    "cross-entropy": (tiny.network(), False),
    "squared error": (tiny.network((5,), loss=SquaredError()), True),
    "squared error of sigmoids": (tiny.network(loss=SquaredError(), output=sigmoid), True),
    "binary": (tiny.network(loss=BinaryCrossEntropy()), False),
    "signs": (tiny.discrete(), False),
}


@eqx.filter_jit
def both(asked, net, batch, update):
    """What is measured, and the direction that it is measured against."""
    direction = damped_direction(net, batch.x, batch.y, asked.damping, asked.iterations)
    return asked(net, batch.x, batch.y, update), *direction


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", [*NETS, "images"])
@pytest.mark.parametrize("damping", [0.5, 1e-3])
def test_gauss_newton_is_that_of_whole_matrices(name, damping):
    if name == "images":
        net, of_activity = tiny.image_network((6, 5, 1)), False
        batch = tiny.image_batch(net)
    else:
        net, of_activity = NETS[name]
        net = jax.tree.map(lambda a: jax.device_put(np.asarray(a, float)), net)
        batch = tiny.batch(net)
    update = jax.tree.map(lambda a: tiny.normal(a.shape, seed=7), net)
    # As arrays, so that one program serves every damping.
    asked = jax.tree.map(jnp.asarray, GaussNewton(damping, 400))
    found, direction, residual = both(asked, net, batch, update)
    gradient, solution = dense_solve(net, batch, damping, of_activity)
    assert residual < 1e-5
    assert found["residual"] == residual
    ours, scale = ravel_pytree(direction)[0], abs(solution).max()
    np.testing.assert_allclose(ours, solution, atol=1e-5 * scale)
    assert np.linalg.norm(solution - gradient / damping) > 1e-2 * np.linalg.norm(solution)
    parts = zip(ravel_parts(net, solution), update.layers, found["angle"], strict=True)
    for expected, ours, angle in parts:
        u = np.asarray(ravel_pytree(ours)[0])
        cosine = u @ expected / np.linalg.norm(u) / np.linalg.norm(expected)
        assert float(angle) == pytest.approx(np.degrees(np.arccos(cosine)), abs=1e-3)


def ravel_parts(net, flat):
    """The part of each layer."""
    ends = np.cumsum([ravel_pytree(layer)[0].size for layer in net.layers])
    return np.split(flat, ends[:-1])


@pytest.mark.usefixtures("float64")
def test_of_a_linear_network_with_squared_error_it_is_newtons():
    layer = Dense(tiny.normal((2, 3)), tiny.normal((2,), 1), (3,), identity)
    net = tiny.Network((layer,), SquaredError())
    x, y = tiny.normal((6, 3), 2), tiny.normal((6, 2), 3)
    flat, build = ravel_pytree(net)

    def loss(flat):
        net = build(flat)
        return jnp.mean(net.losses(net.record(x), y))

    hessian, gradient = jax.jit(lambda flat: (jax.hessian(loss)(flat), jax.grad(loss)(flat)))(flat)
    step = np.linalg.solve(np.asarray(hessian), np.asarray(gradient))
    ours, direction, _ = both(GaussNewton(1e-9, 100), net, Batch(x, y), build(jnp.asarray(step)))
    np.testing.assert_allclose(ravel_pytree(direction)[0], step, rtol=1e-4)
    assert float(ours["angle"][0]) < 0.01


@pytest.mark.usefixtures("float64")
def test_much_damping_makes_it_the_gradient():
    net = tiny.network()
    batch = tiny.batch(net)
    exact = laws.credit(BP(), net, batch).network
    much, little = (
        measure(jax.tree.map(jnp.asarray, asked), net, batch, exact)["angle"]
        for asked in (GaussNewton(1e6), GaussNewton(1e-3, 400))
    )
    np.testing.assert_allclose(much, 0, atol=0.01)
    assert min(little) > 5


@pytest.mark.usefixtures("float64")
def test_effective_ranks():
    assert float(rank(3 * np.eye(7))) == pytest.approx(7)
    assert float(rank(np.outer(np.arange(4.0), np.arange(1.0, 6)))) == pytest.approx(1)
    assert float(rank(np.zeros((4, 5)))) == 0
    assert np.isnan(rank(np.full((2, 2), np.nan)))
    # Singular values 3 and 1: shares 3/4 and 1/4.
    expected = np.exp(-0.75 * np.log(0.75) - 0.25 * np.log(0.25))
    assert float(rank(np.diag([3.0, 1.0]))) == pytest.approx(expected)


@pytest.mark.usefixtures("float64")
def test_effective_ranks_of_updates_and_of_activities_about_their_means():
    layer = Dense(jax.device_put(np.eye(3)), jax.device_put(np.full(3, 50.0)), (3,), identity)
    net = tiny.Network((layer,), SquaredError())
    x = jax.device_put(np.concatenate([np.eye(3), -np.eye(3)]))
    update = eqx.tree_at(lambda net: net.layers[0].weight, net, jax.device_put(np.ones((3, 3))))
    found = measure(EffectiveRank(), net, Batch(x, x), update)
    assert [float(v) for v in found["activity"]] == pytest.approx([3])
    assert [float(v) for v in found["update"]] == pytest.approx([1])


@pytest.mark.usefixtures("float64")
def test_ranks_of_images_count_each_unit_or_channel_as_a_row():
    net = tiny.image_network((6, 5, 1))
    batch = tiny.image_batch(net)
    update = laws.credit(BP(), net, batch).network
    found = measure(EffectiveRank(), net, batch, update)
    h = np.asarray(laws.recorded(net, batch.x).activities[1]).reshape(3, -1)
    for matrix, value in (
        (np.asarray(update.layers[0].weight).reshape(-1, 9), found["update"][0]),
        (np.asarray(update.layers[1].weight), found["update"][1]),
        (h - h.mean(axis=0), found["activity"][0]),
    ):
        s = np.linalg.svd(matrix, compute_uv=False)
        p = s[s > 0] / s.sum()
        assert float(value) == pytest.approx(np.exp(-np.sum(p * np.log(p))))


@pytest.mark.usefixtures("float64")
def test_saturation_is_the_share_of_flat_places_against_the_activations_own_greatest_slope():
    def share(activation, a, below=0.05):
        layer = Dense(jax.device_put(np.eye(2)), None, (2,), activation)
        return float(jax.jit(saturated)(layer, np.array(a), below))

    huge = 100 * np.array([[1.0, -1.0], [2.0, 3.0]])
    assert share(tanh, huge) == share(sigmoid, huge) == 1
    assert share(tanh, 0.01 * huge / 100) == share(identity, huge) == 0
    assert share(relu, [[-1.0, 2.0], [3.0, 4.0]]) == 0.25
    # sech^2 is 0.05 at 2.1826..., sigmoid's slope a twentieth of its 1/4 at 2 x 2.1826...
    edge = np.arctanh(np.sqrt(0.95))
    around = np.array([[edge - 1e-6, edge + 1e-6], [edge - 1e-6, -edge - 1e-6]])
    assert share(tanh, around) == 0.5
    assert share(sigmoid, 2 * around) == 0.5
    assert share(tanh, [[0.5, -0.5], [0.5, -0.5]], below=0.9) == 1


@pytest.mark.usefixtures("float64")
def test_a_softmax_has_no_saturation_and_hidden_layers_have():
    net = tiny.network((5, 4))
    first, *above = net.layers
    bias = jnp.array([99.0, -99.0, 99.0, 0.0, 0.0])
    net = tiny.Network((first.with_parameters(0 * first.weight, bias), *above), net.loss)
    batch = tiny.batch(net)
    lowest, second, output = measure(Saturation(), net, batch, net)["share"]
    assert lowest is not None
    assert float(lowest) == pytest.approx(0.6)
    assert second is not None
    assert output is None


@pytest.mark.usefixtures("float64")
def test_the_update_is_the_rules_mean_over_the_probe():
    rule, net = FA(), tiny.network()
    batch = tiny.batch(net, examples=6)
    state = rule.init(net, batch, laws.KEY)
    probe = jax.tree.map(lambda a: a.reshape(2, 3, *a.shape[1:]), batch)
    asked = (GaussNewton(), EffectiveRank())
    found = measured(net, state, probe, laws.KEY, rule=rule, asked=asked)
    update = laws.credit(rule, net, batch, state).network
    for each in asked:
        expected = measure(each, net, batch, update)
        for name, values in expected.items():
            np.testing.assert_allclose(found[each.recorded][name], values, rtol=1e-6)


@pytest.mark.parametrize(
    ("rule", "changes"),
    [(DTP(), {}), (FA(), {"hidden": ("fc:6,bernoulli",), "activation": "sigmoid"})],
    ids=["dtp", "bernoulli"],
)
def test_training_is_the_same_to_the_last_bit_and_goes_on_so(blobs, tmp_path, rule, changes):
    settings = SMALL | changes
    plain, asked = fit(rule, blobs, **settings), fit(rule, blobs, **settings, **ALL)
    for a, b in zip(plain.networks, asked.networks, strict=True):
        for ours, theirs in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    names = {"gauss_newton", "saturation", "effective_rank"}
    for a, b in zip(told(plain), told(asked), strict=True):
        assert names <= b.keys()
        assert a == {name: value for name, value in b.items() if name not in names}
    fit(rule, blobs, **settings | {"epochs": 1}, **ALL, out=tmp_path / "run")
    resumed = fit(rule, blobs, **settings, **ALL, out=tmp_path / "run", resume=True)
    assert told(resumed) == told(asked)


def told(result):
    """All rows, without what a clock says."""
    clock = ("seconds", "seconds_measuring")
    rows = (*result.initial, *result.metrics)
    return [{name: value for name, value in row.items() if name not in clock} for row in rows]


def test_runs_have_a_number_for_each_layer_before_the_first_step_and_after_every_epoch(
    blobs, recwarn
):
    for row in told(fit(DTP(), blobs, **SMALL, **ALL)):
        assert all(0 < angle < 180 for angle in row["gauss_newton"]["angle"])
        assert row["gauss_newton"]["residual"] < 1e-2
        assert [s is None for s in row["saturation"]["share"]] == [False, False, True]
        for bounds, name in (((8, 6, 3), "update"), ((8, 6, 3), "activity")):
            ranks = row["effective_rank"][name]
            assert all(1 <= rank <= most for rank, most in zip(ranks, bounds, strict=True))
    assert not [w for w in recwarn if "not finite" in str(w.message)]


class Idle(Rule):
    """Changes nothing."""

    name = ""

    @property
    def traits(self):
        return Traits(transport=Transport.NONE)

    def init(self, net, batch, key):
        return State()

    def credit(self, net, state, batch, key):
        found = BP().credit(net, State(), batch, key)
        return Credit(jax.tree.map(jnp.zeros_like, found.network), found.signals)


def test_what_is_no_number_is_told_with_its_seed_epoch_and_layer(blobs):
    small = SMALL | {"hidden": (4,), "epochs": 1}
    with pytest.warns(UserWarning, match="seed 3, epoch") as caught:
        result = fit(Idle(), blobs, seed=3, **small, diagnose=("gauss-newton",))
    before, after = [str(w.message) for w in caught if "seed 3" in str(w.message)]
    assert after == before.replace("epoch 1", "epoch 0") or before.startswith("seed 3, epoch 0: ")
    for quantity in ("alignment cosine", "gauss newton angle"):
        for layer in (1, 2):
            assert f"{quantity} of layer {layer}" in before
    assert after.endswith(": not finite, recorded as null")
    assert "feedback angle" not in before + after  # it has none, which is nothing to tell
    assert result.metrics[0]["alignment"]["feedback_angle"] == [None, None]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ((Saturation(), Saturation(0.1)), "diagnose: saturation is given twice; leave one out"),
        (("saturating",), "there is no 'saturating'; did you mean 'saturation'"),
        (("saturation:0",), "below of saturation: must be more than 0 and at most 1, got 0.0"),
        (("gauss-newton:0",), "damping: must be a positive finite number, got 0.0"),
    ],
)
def test_mistakes(blobs, given, says):
    with pytest.raises(UsageError, match=says):
        fit(FA(), blobs, **SMALL, diagnose=given)


def test_they_are_asked_for_on_the_command_line_drawn_and_on_the_page(tmp_path):
    train = ("train", "fa", "--data", "digits", "--hidden", 6, "--epochs", 2)
    asked = ("--diagnose", "gauss-newton:0.5", "saturation", "effective-rank")
    command(*train, *asked, "--out", tmp_path / "run")
    found = Settings.from_json(RunFolder(tmp_path / "run").config()["settings"]).diagnose
    assert found == (GaussNewton(0.5), Saturation(), EffectiveRank())
    figure = tmp_path / "curves.svg"
    command("plot", tmp_path / "run", "--out", figure)
    svg = figure.read_text()
    for axis in ("to Gauss-Newton's", "saturated", "rank of hidden up", "rank of hidden act"):
        assert axis in svg
    command("report", tmp_path / "run", "--out", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    for curve in (
        "gauss newton, angle, layer 1", "gauss newton, residual", "saturation, share, layer 1",
        "effective rank, update, layer 2", "effective rank, activity, layer 1",
    ):  # fmt: skip
        assert curve in page
    assert "--diagnose gauss-newton:0.5 saturation effective-rank" in page
