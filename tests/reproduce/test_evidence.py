"""What is stored with runs is read, and what is damaged is named."""

import copy
import json
from typing import Any

import pytest

import apical
from apical.errors import UsageError
from apical.papers.local_stdp.experiments import EPSILONS
from apical.papers.local_stdp.tables import write_attacks, write_masking
from apical.reproduce.evidence import Evidence

SIZES = ("0", *(eps.text for eps in EPSILONS), "1/2")
ATTACKS = ("clean", "noise", "fgsm", "pgd", "adaptive", "transfer", "worst")
MEASURED: dict[str, Any] = {
    "asked": "UnderAttack()",
    "accuracy": {attack: dict.fromkeys(SIZES, 0.5) for attack in ATTACKS},
    "chance": 0.5,
    "flat": 0.0,
    "examples": 10,
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    out = root / "mnist-0v1-stdp" / "seed-0"
    apical.fit("bp", "digits", hidden=[4], epochs=1, steps_per_epoch=1, record_test=True, out=out)
    return root


def places(data, before=()):
    """Every place in a JSON object, outermost first."""
    for key, value in data.items():
        yield (*before, key)
        if isinstance(value, dict):
            yield from places(value, (*before, key))


def write_both(evidence, folder):
    write_masking(evidence, folder)
    write_attacks(evidence, folder)


READ_BY_TABLES = [place for place in places(MEASURED) if place != ("asked",)]


def test_numbers_of_an_examination_are_read(runs, tmp_path):
    (runs / "mnist-0v1-stdp" / "seed-0" / "attacks.json").write_text(json.dumps(MEASURED))
    evidence = Evidence(runs)
    assert evidence.at("mnist-0v1-stdp", "attacks:accuracy.fgsm.8/255") == {0: 0.5}
    assert evidence.at("mnist-0v1-stdp@2", "attacks:accuracy.fgsm.8/255") == {}
    assert "0.500" in write_masking(evidence, tmp_path).read_text()


@pytest.mark.parametrize("odd", [{"a": 1}, [], "x", None], ids=repr)
def test_a_damaged_examination_is_named_wherever_the_damage_is(runs, odd, tmp_path):
    file = runs / "mnist-0v1-stdp" / "seed-0" / "attacks.json"
    for place in READ_BY_TABLES:
        spoiled = copy.deepcopy(MEASURED)
        *outer, last = place
        within = spoiled
        for key in outer:
            within = within[key]
        within[last] = odd
        file.write_text(json.dumps(spoiled))
        with pytest.raises(UsageError, match=r"attacks\.json: expected what `apical reproduce`"):
            write_both(Evidence(runs), tmp_path)


def test_a_summary_without_its_number_is_named(runs):
    with pytest.raises(UsageError, match=r"summary\.json: expected what `apical reproduce`"):
        Evidence(runs).at("mnist-0v1-stdp", "summary:test_accuracy.listed")
