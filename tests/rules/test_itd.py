"""Iterative temporal differencing against its closed forms."""

import numpy as np
import pytest

from apical.errors import UsageError
from apical.networks.losses import SquaredError
from apical.rules import ITD, Batch
from apical.rules.itd import LocalMemory, TimesActivity, TimesOutput, TimesSignal
from apical.testing import laws
from tests import tiny

pytestmark = pytest.mark.usefixtures("float64")

HIDDEN = (5, 4, 3)


def run(rule, iterations=3):
    """Credits, records and errors of successive batches on a fixed network, and the feedback."""
    net = tiny.network(HIDDEN)
    batches = [tiny.batch(net, seed=s) for s in range(iterations)]
    state = rule.init(net, batches[0], laws.KEY)
    feedback = [layer.weight for layer in state.kept[0]]
    credits, errors, records = [], [], []
    for batch in batches:
        found = laws.credit(rule, net, batch, state)
        state = type(state)(kept=found.kept)
        record = net.record(batch.x)
        credits.append(found)
        records.append(record)
        errors.append(record.output - batch.y)
    return net, feedback, credits, errors, records


def down(signal, feedback, layer):
    """Led from the output to a hidden layer through the feedback weights."""
    for weight in reversed(feedback[layer:]):
        signal = signal @ weight
    return signal


@pytest.mark.parametrize(("difference_output", "extra"), [(False, 0), (True, 1)])
def test_closed_form(difference_output, extra):
    """delta = (e(t) - (k + extra) e(t-1)) led down; k counts hidden layers from the top."""
    _, feedback, credits, errors, _ = run(ITD(difference_output))
    now, before = errors[2], errors[1]
    signals = credits[2].signals
    np.testing.assert_allclose(signals[-1], now - extra * before, rtol=1e-10)
    for layer in range(len(HIDDEN)):
        k = len(HIDDEN) - layer
        expected = down(now - (k + extra) * before, feedback, layer)
        np.testing.assert_allclose(signals[layer], expected, rtol=1e-9)


def test_the_first_iteration_meets_an_error_of_zero():
    _, feedback, credits, errors, _ = run(ITD(difference_output=True))
    for layer in range(len(HIDDEN)):
        expected = down(errors[0], feedback, layer)
        np.testing.assert_allclose(credits[0].signals[layer], expected, rtol=1e-10)


def test_gradients_pair_signals_with_this_iterations_activity():
    _, _, credits, _, records = run(ITD())
    for layer in range(len(HIDDEN) + 1):
        h = records[2].activities[layer].reshape(tiny.EXAMPLES, -1)
        expected = credits[2].signals[layer].T @ h / tiny.EXAMPLES
        laws.assert_close(credits[2].network.layers[layer].weight, expected)


def test_local_memory_takes_repeated_differences():
    """Second layer from the top: e(t) - 2 e(t-1) + e(t-2)."""
    _, feedback, credits, errors, _ = run(ITD(differencing=LocalMemory()))
    first = down(errors[2] - errors[1], feedback, 2)
    second = down(errors[2] - 2 * errors[1] + errors[0], feedback, 1)
    np.testing.assert_allclose(credits[2].signals[2], first, rtol=1e-9)
    np.testing.assert_allclose(credits[2].signals[1], second, rtol=1e-9)


@pytest.mark.parametrize("variant", ["activity", "signal", "output"])
def test_multiplicative_variants_are_the_authors_loop(variant):
    """Written out as the notebooks do it, with the error divided by the batch size at once."""
    rule = {"activity": TimesActivity(), "signal": TimesSignal(), "output": TimesOutput()}[variant]
    _, feedback, credits, errors, records = run(ITD(differencing=rule))
    m = tiny.EXAMPLES
    dy, dy_before = errors[2] / m, errors[1] / m
    y, y_before = records[2].output, records[1].output
    for layer in reversed(range(len(HIDDEN))):
        dy, dy_before = dy @ feedback[layer], dy_before @ feedback[layer]
        y, y_before = y @ feedback[layer], y_before @ feedback[layer]
        h, h_before = (records[t].activities[layer + 1] for t in (2, 1))
        dy = (
            dy
            * {"activity": h - h_before, "signal": dy - dy_before, "output": y - y_before}[variant]
        )
        np.testing.assert_allclose(credits[2].signals[layer], m * dy, rtol=1e-9)


def test_squared_error_on_softmax_uses_no_jacobian():
    net = tiny.network(HIDDEN, loss=SquaredError())
    batch = tiny.batch(net)
    found = laws.credit(ITD(), net, batch)
    laws.assert_close(found.signals[-1], net(batch.x) - batch.y)


def test_another_batch_size_is_refused():
    net = tiny.network(HIDDEN)
    rule = ITD()
    state = rule.init(net, tiny.batch(net), laws.KEY)
    short = Batch(*(a[:3] for a in (tiny.batch(net).x, tiny.batch(net).y)))
    with pytest.raises(UsageError, match=r"first one's 5; got a batch of 3"):
        rule.credit(net, state, short, laws.KEY)
