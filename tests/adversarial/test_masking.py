"""The diagnosis of networks whose robustness is known to be real, hidden, or nothing but hidden."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from apical.adversarial.attacks import FGSM, PGD
from apical.adversarial.masking import Masking, diagnose
from apical.adversarial.results import AccuracyUnderAttack, rows
from apical.adversarial.survey import CLEAN, WORST, Battery, survey
from apical.adversarial.threat_model import LARGE, Box, Epsilon
from apical.adversarial.victim import Victim
from apical.data.preprocessing import Affine
from apical.networks.activations import Activation, sigmoid
from apical.networks.layers import Dense
from apical.networks.losses import BinaryCrossEntropy
from apical.networks.network import Network

EPS = (Epsilon("0.1"), Epsilon("0.2"))
UNIT = Box(jnp.zeros(()), jnp.ones(()))
U = np.random.default_rng(0).uniform(size=(400, 2)).astype(np.float32)
LABELS = (U[:, 0] > U[:, 1]).astype(np.int32)


def victim(gain: float, activation: Activation = sigmoid) -> Victim:
    """Says whether u_0 exceeds u_1, through one hidden unit of this gain."""
    hidden = Dense(gain * jnp.array([[1.0, -1.0]]), None, (2,), activation)
    top = Dense(jnp.array([[4.0]]), jnp.array([-2.0]), (1,), sigmoid)
    net = Network((hidden, top), BinaryCrossEntropy())
    return Victim(net, Affine.of(0.0, 1.0), UNIT)


def measured(of: Victim, twin: Victim | None = None) -> AccuracyUnderAttack:
    return AccuracyUnderAttack.of(survey(of, U, LABELS, EPS, twin=twin))


OPEN = victim(4.0)
SATURATED = victim(1e5)
"""The same decisions as OPEN, whose slopes underflow to zero."""


def test_a_network_with_open_slopes_shows_no_sign_of_masking():
    found = measured(OPEN)
    diagnosis = diagnose([found], EPS)
    assert diagnosis.masking is Masking.NO_SIGN, diagnosis
    assert found.accuracy["pgd"][LARGE.text] == 0
    assert found.flat == 0


def test_saturation_that_only_hides_the_slopes_is_called_masking_alone():
    """It decides as its twin does, so what FGSM leaves it above the twin is no robustness."""
    hidden, twin = measured(SATURATED, OPEN), measured(OPEN, SATURATED)
    assert hidden.flat > 0.9
    assert hidden.accuracy["fgsm"]["0.2"] > twin.accuracy["fgsm"]["0.2"] + 0.3
    assert hidden.accuracy[WORST]["0.2"] == pytest.approx(twin.accuracy[WORST]["0.2"], abs=0.01)
    assert diagnose([hidden], EPS, [twin]).masking is Masking.ONLY


def test_without_a_transfer_softened_slopes_find_the_same():
    found = measured(SATURATED)
    assert found.accuracy["fgsm"]["0.2"] > found.accuracy["adaptive"]["0.2"] + 0.3
    assert diagnose([found], EPS).masking is not Masking.NO_SIGN


def example(**changed: float) -> AccuracyUnderAttack:
    """Numbers of an unmasked network at one eps, with some of them changed."""
    usual = {"noise": 0.98, "fgsm": 0.9, "pgd": 0.85, "adaptive": 0.85, "transfer": 0.95}
    usual |= {
        WORST: 0.85,
        **{k: v for k, v in changed.items() if k not in ("large", "flat", "clean")},
    }
    accuracy = {name: {"0.1": value} for name, value in usual.items()}
    accuracy["pgd"][LARGE.text] = changed.get("large", 0.0)
    return AccuracyUnderAttack(
        {CLEAN: {"0": changed.get("clean", 0.99)}, **accuracy}, 0.5, changed.get("flat", 0.0), 1000
    )


@pytest.mark.parametrize(
    ("changed", "demand"),
    [
        ({"large": 0.6}, "accuracy falls to chance"),
        ({"flat": 0.2}, "the loss has a slope"),
        ({"fgsm": 0.995}, "one step does more harm than noise"),
        ({"pgd": 0.92, "adaptive": 0.92}, "iterating does no less harm"),
        ({"adaptive": 0.8}, "as softened ones on the margin"),
        ({"transfer": 0.8}, "as the twin's"),
    ],
)
def test_each_check_fails_alone_where_it_should(changed, demand):
    assert all(c.passed for c in diagnose([example()], EPS[:1]).checks)
    (failed,) = [c for c in diagnose([example(**changed)], EPS[:1]).checks if not c.passed]
    assert demand in failed.demand


@pytest.mark.parametrize(
    ("worst", "twin", "masking"),
    [(0.85, 0.7, Masking.OVERSTATED), (0.7, 0.7, Masking.ONLY), (0.4, None, Masking.ONLY)],
)
def test_masking_is_all_there_is_where_nothing_remains_above_the_reference(worst, twin, masking):
    masked = example(fgsm=0.95, pgd=0.93, adaptive=worst, worst=worst)
    twins = [] if twin is None else [example(fgsm=0.75, worst=twin)]
    assert diagnose([masked], EPS[:1], twins).masking is masking


def test_where_one_step_leaves_nothing_the_reason_names_the_check_that_failed():
    diagnosis = diagnose([example(fgsm=0.5, pgd=0.5, adaptive=0.4, worst=0.4)], EPS[:1])
    assert diagnosis.masking is Masking.OVERSTATED
    assert "nothing above chance; failed: its own slopes" in diagnosis.reason
    assert "noise" not in diagnosis.reason


def test_a_network_at_chance_is_not_judged():
    diagnosis = diagnose([example(clean=0.505, fgsm=0.4)], EPS[:1])
    assert diagnosis.masking is Masking.NOTHING
    assert "0.505, chance is 0.500" in diagnosis.reason


def test_a_gap_that_few_examples_make_by_chance_fails_no_check():
    few = replace(example(adaptive=0.82), examples=100)
    many = replace(few, examples=1000)
    assert diagnose([few], EPS[:1]).masking is Masking.NO_SIGN
    assert diagnose([many], EPS[:1]).masking is not Masking.NO_SIGN


def test_worst_is_right_only_where_every_attack_left_it_right():
    found = survey(OPEN, U, LABELS, EPS, twin=SATURATED)
    attacks = {a for a, eps in found.right if eps == "0.1" and a != WORST}
    assert attacks == {"noise", "fgsm", "pgd", "adaptive", "transfer"}
    together = np.all([found.right[a, "0.1"] for a in attacks], axis=0)
    np.testing.assert_array_equal(found.right[WORST, "0.1"], together)


def test_the_attack_that_is_asked_for_takes_its_place():
    assert Battery.around(PGD(steps=7)) == Battery(FGSM(), PGD(steps=7))
    assert Battery.around(PGD(steps=1)) == Battery(PGD(steps=1), PGD())


def test_reports_call_an_attack_what_was_asked_for():
    found = {0: survey(OPEN, U, LABELS, EPS[:1])}
    named = {row["attack"] for row in rows(found, Battery.around(PGD(steps=1)))}
    assert named == {"clean", "noise", "pgd:1", "pgd", "adaptive", "worst"}
    named = {row["attack"] for row in rows(found, Battery.around(PGD(5, 0.4)))}
    assert named == {"clean", "noise", "fgsm", "pgd:5,0.4", "adaptive", "worst"}
