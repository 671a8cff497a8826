"""The alignment's numbers, worked out again with NumPy."""

import jax
import numpy as np
import pytest

from apical import BP, DFA, FA
from apical.diagnostics import alignment
from apical.rules import ITD, State
from apical.testing import laws
from tests import tiny


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("rule", [FA(), DFA()], ids=lambda r: r.name)
def test_alignment_by_hand(rule):
    net = tiny.network((5, 4))
    batch = tiny.batch(net, examples=6)
    state = rule.init(net, batch, laws.KEY)
    # Two probe batches: the pseudo-gradients are averaged over both.
    probe = jax.tree.map(lambda a: a.reshape(2, 3, *a.shape[1:]), batch)
    found = alignment(net, state, probe, laws.KEY, rule=rule)

    credits = [laws.credit(*of) for of in ((rule, net, batch, state), (BP(), net, batch))]
    ours, theirs = (credit.network for credit in credits)
    for l, (s, d) in enumerate(zip(*(credit.signals for credit in credits), strict=True)):
        assert found.signal_error[l] == pytest.approx(np.linalg.norm(s - d) / np.linalg.norm(d))
    assert found.signal_error[0] > 0.1
    W = [np.asarray(layer.weight) for layer in net.layers]
    forward = {"fa": [W[1], W[2]], "dfa": [W[2] @ W[1], W[2]]}[rule.name]
    for l in range(3):
        a, b = (
            np.concatenate([np.ravel(n.layers[l].weight), n.layers[l].bias]) for n in (ours, theirs)
        )
        norms = np.linalg.norm(a), np.linalg.norm(b)
        assert found.cosine[l] == pytest.approx(a @ b / norms[0] / norms[1])
        assert found.norm_ratio[l] == pytest.approx(norms[0] / norms[1])
        if l < 2:
            B = np.ravel(state.kept[l].weight)
            w = np.ravel(forward[l])
            cosine = B @ w / np.linalg.norm(B) / np.linalg.norm(w)
            assert found.feedback_angle[l] == pytest.approx(np.degrees(np.arccos(cosine)))
            assert found.sign_agreement[l] == pytest.approx(np.mean(np.sign(B) == np.sign(w)))
    assert np.abs(found.cosine[:2]).max() < 0.99
    assert np.isnan(found.feedback_angle[2])
    assert np.isnan(found.sign_agreement[2])


@pytest.mark.usefixtures("float64")
def test_what_a_rule_keeps_goes_from_batch_to_batch():
    """ITD subtracts the last batch's error: the second batch's update depends on the first."""
    rule = ITD()
    net = tiny.network((5, 4))
    batch = tiny.batch(net, examples=6)
    probe = jax.tree.map(lambda a: a.reshape(2, 3, *a.shape[1:]), batch)
    first, second = (jax.tree.map(lambda a, i=i: a[i], probe) for i in range(2))
    state = rule.init(net, first, laws.KEY)
    found = alignment(net, state, probe, laws.KEY, rule=rule)

    one = laws.credit(rule, net, first, state)
    two = laws.credit(rule, net, second, State(kept=one.kept))
    exact = [laws.credit(BP(), net, b) for b in (first, second)]
    for l in range(3):
        signals = np.concatenate([c.signals[l] for c in (one, two)])
        gradients = np.concatenate([c.signals[l] for c in exact])
        expected = np.linalg.norm(signals - gradients) / np.linalg.norm(gradients)
        assert found.signal_error[l] == pytest.approx(expected)
