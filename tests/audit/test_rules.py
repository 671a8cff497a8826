"""What is known of our rules is found, no claim of theirs is contradicted, and the page says so."""

import json
from functools import cache

import pytest
from docs import audit as page

from apical.audit import audit
from apical.audit.table import row
from apical.feedback import BRSF, USF, FixedRandom
from apical.rules import (
    AOSDTP,
    BP,
    DFA,
    DTP,
    FA,
    ITD,
    SDTP,
    TP,
    AssociativeSTDP,
    GhostMA,
    GhostMB,
    Rule,
)
from apical.values.spelling import spell
from apical.values.value import parse

OTHER_GHOSTS = ("ghost-ma-prime", "ghost-ma:feedback=fixed-random", "ghost-mb")
"""Left to `python docs/audit.py --check`: a circuit takes the time of four other rules."""
AUDITED = [rule for rule in page.AUDITED if not spell(rule).startswith(OTHER_GHOSTS)]
AUDITED.append(GhostMB(feedback=FixedRandom()))

found = cache(audit)


def read(rule) -> list[tuple[str, tuple[int, ...]]]:
    """What the hidden layers read of forward weights, and of which layers."""
    return [(each.seen.transport, each.seen.transport_from) for each in found(rule).hidden]


@pytest.mark.parametrize("rule", AUDITED, ids=spell)
def test_no_claim_is_contradicted_and_the_page_says_what_was_found(rule):
    assert found(rule).contradictions == ()
    assert found(rule).unknown == ()
    (kept,) = [each for each in json.loads(page.FACTS.read_text()) if each["rule"] == spell(rule)]
    (ours,) = page.facts([found(rule)])
    assert json.loads(json.dumps(ours)) == kept, "run `python docs/audit.py`"
    shown = " | ".join(row(found(rule)).values())
    assert f"| {shown} |" in page.PAGE.read_text()


def test_backpropagation_transports_weights_everywhere_and_is_itself():
    assert read(BP()) == [("weights", (2, 3)), ("weights", (3,))]
    assert found(BP()).backpropagation
    assert found(BP()).times == pytest.approx(1)
    assert [each.products for each in found(BP()).layers] == [2, 1, 0]
    assert found(BP()).bytes_per_weight == 0


@pytest.mark.parametrize("rule", [FA(), DFA(), SDTP(), AOSDTP(), TP(), ITD()], ids=spell)
def test_these_transport_none(rule):
    assert read(rule) == [("none", ()), ("none", ())]
    assert not found(rule).backpropagation


@pytest.mark.parametrize("feedback", [USF(), BRSF()], ids=spell)
def test_sign_symmetry_transports_signs_alone(feedback):
    assert read(FA(feedback)) == [("signs", (2, 3)), ("signs", (3,))]


def test_dtp_reads_the_output_layers_weights_alone():
    assert read(DTP()) == [("weights", (3,)), ("weights", (3,))]
    below, above = found(DTP()).hidden
    assert above.cosine == pytest.approx(1)
    assert below.cosine < 0.99


def test_feedback_alignment_is_backpropagation_if_its_feedback_is_transposed():
    assert found(FA()).backpropagation_if_transposed
    assert not found(FA(USF())).backpropagation_if_transposed
    assert not found(DFA()).backpropagation_if_transposed
    assert found(GhostMB(feedback=FixedRandom())).cosine_if_transposed > 0.99


def test_dfa_waits_for_no_layer():
    assert [each.products for each in found(DFA()).hidden] == [1, 1]
    assert [each.seen.elsewhere for each in found(DFA()).hidden] == [(3,), (3,)]


def test_itd_reads_no_derivative_and_remembers():
    for layer in found(ITD()).hidden:
        assert layer.seen.derivatives == ()
        assert not layer.hidden_derivative
        assert layer.seen.past


def test_associative_stdp_is_local_with_one_global_sign():
    for layer in found(AssociativeSTDP()).layers:
        assert (layer.seen.inputs, layer.seen.units, layer.seen.elsewhere) == ("own", "own", ())
        assert layer.third_factor == "one global sign"
    assert not any(each.third_factor for each in found(TP()).hidden)


@pytest.mark.parametrize(
    ("spelled", "fact", "told"),
    [
        (
            "associative-stdp:signs=one-vs-rest",
            "a weight's change reads",
            "its two units, a signal",
        ),
        ("ghost-mb:stepping=strides", "one after the other", "10 + 4 steps"),
    ],
)
def test_other_forms_of_our_rules_keep_their_claims(spelled, fact, told):
    form = found(parse(Rule, spelled))
    assert form.contradictions == ()
    assert row(form)[fact] == told


def test_ghosts_transport_by_their_feedback():
    assert read(GhostMA()) == [("weights", (2,)), ("weights", (3,))]
    assert read(GhostMB(feedback=FixedRandom())) == [("none", ())]
    assert found(GhostMA()).phases == (200, 200)
    assert found(GhostMA()).circuit == pytest.approx(0, abs=1e-9)


def test_where_the_methods_differ_is_told():
    """The features are in two terms that cancel, which a trace does not see."""
    _, above, _ = found(AOSDTP()).layers
    assert above.differing == {"units": {"trace": "all", "perturbation": "own"}}


def test_every_rule_is_on_the_page():
    text = page.PAGE.read_text()
    assert all(f"\n| {spell(rule)} |" in text for rule in page.AUDITED)
