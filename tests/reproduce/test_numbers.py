"""Numbers in prose that are tied to runs."""

import re

import pytest

from apical.errors import UsageError
from apical.reproduce import numbers, paper
from apical.reproduce.evidence import Evidence
from apical.reproduce.numbers import filled
from apical.reproduce.readme import text_of

TIED_THROUGHOUT = ("difference-target-propagation", "ghost-units", "itd", "local-stdp")
"""Papers of whose prose every mean with a ± is tied."""


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    """The recorded runs: `continuous-bp` has test accuracies of .9767, .9767 and .9754 last."""
    runs = tmp_path_factory.mktemp("runs") / "quick"
    paper.read("difference-target-propagation").records.bring("quick", runs)
    return {"quick": Evidence(runs)}


@pytest.mark.parametrize(
    ("written", "now"),
    [
        ("<!-- continuous-bp last -->0.00", "0.98"),
        ("<!-- continuous-bp last -->.000 ± .0000", ".976 ± .0019"),
        ("<!-- continuous-bp last -->.000\n± .0000", ".976\n± .0019"),
        ("<!-- continuous-bp@10 test_accuracy % -->1.2 ± 3.40 %", "97.6 ± 0.19 %"),
        ("<!-- continuous-bp last error% -->.00", "2.37"),
        ("<!-- continuous-bp seeds -->7 seeds", "3 seeds"),
        ("<!-- quick/continuous-bp epochs -->7", "10"),
        (
            "<!-- discrete-dtp - discrete-bp summary:train_accuracy.list % -->+.00 ± .00",
            "-.38 ± .21",
        ),
        ("<!-- discrete-bp - discrete-dtp summary:train_accuracy.list -->+0.0000", "+0.0038"),
    ],
)
def test_a_tied_number_is_what_the_runs_say_in_the_form_it_has(evidence, written, now):
    comment = written[: written.index("-->") + 3]
    assert filled(f"It is {written}, so.", evidence, "quick") == f"It is {comment}{now}, so."


def test_other_comments_and_numbers_stay(evidence):
    text = "<!-- results -->\n| 0.5 |\n<!-- end of results --> 0.7 ± 0.1 <!-- none --> 0.1"
    assert filled(text, evidence, "quick") == text


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ("continuous-bp", "a number is tied by `TERM METRIC"),
        ("continuous-pb last", "'continuous-pb last' names no finished runs"),
        ("paper/continuous-bp last", "names no finished runs"),
        ("continuous-bp@77 last", "names no finished runs"),
        ("continuous-bp last error", "there is no 'error'; did you mean 'error%'"),
    ],
)
def test_a_comment_that_names_no_number_is_told(evidence, comment, found):
    with pytest.raises(UsageError, match=re.escape(found)):
        filled(f"<!-- {comment} -->0.5", evidence, "quick")


@pytest.mark.parametrize("name", TIED_THROUGHOUT)
def test_every_mean_in_the_prose_is_tied(name):
    prose = re.sub(r"<!-- (results|coverage) -->.*?<!-- end of \1 -->", "", _text(name))
    assert not re.search(r"\d ± \.?\d", numbers.TIED.sub("", prose))


def _text(name):
    return text_of(paper.read(name)).replace("\n", " ")
