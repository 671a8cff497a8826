"""What the text of the local STDP study says beside its tied numbers is in its results."""

import csv
import json

import numpy as np
import pytest

from apical.reproduce import paper
from apical.runs.statistics import half_width

STUDY = paper.read("local-stdp")
SIZES = ("4/255", "8/255", "12/255")


@pytest.fixture(scope="module")
def text() -> str:
    """What is written by hand: the README below its generated part, on one line."""
    written = (STUDY.folder / "README.md").read_text().partition("<!-- end of results -->")[2]
    return " ".join(written.split())


@pytest.fixture(scope="module")
def remedy() -> dict[tuple[int, str], int]:
    """By digit and size of FGSM: 1 where the remedy is ahead of BP by its interval, -1 behind."""
    found: dict[str, list[list[float]]] = {}
    with (STUDY.results / "attacks.csv").open() as file:
        for row in csv.DictReader(file):
            if row["attack"] == "fgsm":
                found.setdefault(row["experiment"], []).append([float(row[s]) for s in SIZES])
    told = {}
    for digit in range(1, 6):
        wide, bp = (np.array(found[f"mnist-0v{digit}-{rule}"]) for rule in ("wide", "bp"))
        for size, difference in zip(SIZES, (wide - bp).T, strict=True):
            mean = difference.mean()
            told[digit, size] = int(np.sign(mean) * (abs(mean) > half_width(list(difference))))
    return told


def test_how_many_cases_of_fgsm_the_rule_wins(text):
    rows = json.loads((STUDY.results / "claims.json").read_text())
    most = next(row for row in rows if row["id"] == "fgsm-most")
    assert (most["ours"], most["note"]) == ("above in 0 of 24", "not above in 12, undecided in 12")
    assert "in none of 24 cases**" in text
    assert "in 12 it is not, and 12 are undecided" in text


def test_where_the_remedy_is_ahead_of_bp_and_where_behind(text, remedy):
    ahead = {size: [d for d in range(1, 6) if remedy[d, size] == 1] for size in SIZES}
    behind = {size: [d for d in range(1, 6) if remedy[d, size] == -1] for size in SIZES}
    assert ahead == {"4/255": [], "8/255": [2, 3, 4, 5], "12/255": [2, 3, 5]}
    assert behind == {"4/255": [4], "8/255": [], "12/255": [1]}
    assert "at 8/255 on 0 against 2, 3, 4 and 5 and at 12/255 on 0 against 2, 3 and 5" in text
    assert "ahead at 4/255 on no pair and behind on 0 against 4" in text
    assert "at 12/255 it is behind on 0 against 1" in text
