"""What the text of the target propagation study says beside its tied numbers is in the records."""

import numpy as np
import pytest

from apical.papers.target_propagation.methods import configured
from apical.papers.target_propagation.networks import SETUPS
from apical.reproduce import paper
from apical.reproduce.evidence import AT_BEST_VALIDATION, Evidence
from apical.rules import AOSDTP, SDTP

STUDY = paper.read("target-propagation")


@pytest.fixture(scope="module")
def evidence(tmp_path_factory) -> Evidence:
    runs = tmp_path_factory.mktemp("runs") / "quick"
    STUDY.records.bring("quick", runs)
    return Evidence(runs)


@pytest.fixture(scope="module")
def text() -> str:
    """What is written by hand: the README below its generated part, on one line."""
    written = (STUDY.folder / "README.md").read_text().partition("<!-- end of results -->")[2]
    return " ".join(written.split())


def test_what_the_settings_of_table_5_do_to_sdtp(evidence, text):
    name = "mnist-fc-sdtp-alternating-summed-table-5"
    _, tests = evidence.curve(name, "test_accuracy", first=1)
    epochs, validations = evidence.curve(name, "val_accuracy", first=1)
    assert set(epochs[validations.argmax(axis=1)]) == {1, 2}
    assert "it is best after the first or second epoch" in text
    ends = "{:.1f}, {:.1f} and {:.1f} %".format(*sorted(100 * (1 - tests[:, -1])))
    assert f"its three seeds end at {ends}" in text
    _, tests = evidence.curve("mnist-fc-sdtp-parallel-summed-table-5", "test_accuracy", first=2)
    assert "80 % or more from the second on" in text
    assert 0.80 <= (1 - tests).min() < 0.81


@pytest.mark.parametrize("method", ["sdtp", "ao-sdtp"])
def test_how_the_wide_search_of_summed_losses_trains(method, evidence, text):
    name = f"mnist-fc-{method}-alternating-summed"
    _, validations = evidence.curve(name, "val_accuracy", first=5)
    early = 100 * (1 - validations[:, :36])
    low, high = np.floor(early.min()), np.ceil(early.max())
    words = {
        "sdtp": f"between {low:.0f} and {high:.0f} %",
        "ao-sdtp": f"({low:.0f} to {high:.0f} %",
    }
    assert f"{words[method]} on validation" in text
    assert "from the fifth to the fortieth epoch" in text
    assert early.mean() > 2 * 100 * (1 - validations[:, -1].mean())


def test_with_averaged_losses_sdtp_does_not_get_worse_in_between(evidence):
    _, averaged = evidence.curve("mnist-fc-sdtp-alternating-averaged", "val_accuracy", first=1)
    _, summed = evidence.curve("mnist-fc-sdtp-alternating-summed", "val_accuracy", first=1)
    every_tenth = [0, 9, 19, 29, 39, 49, 59]
    assert (np.diff(averaged.mean(axis=0)[every_tenth]) > 0).all()
    assert (np.diff(summed.mean(axis=0)[every_tenth]) < 0).any()


def test_with_averaged_losses_ao_sdtp_gets_worse_before_its_rates_come_down(evidence, text):
    _, tests = evidence.curve("mnist-fc-ao-sdtp-alternating-averaged", "test_accuracy", first=1)
    assert "In every seed it gets worse first, to more than 12 % on the test set" in text
    worst, first = (1 - tests[:, 1:]).max(axis=1), 1 - tests[:, 0]
    assert (worst > 0.12).all()
    assert (worst > first).all()


def test_with_averaged_losses_the_settings_of_table_5_lose_nothing(evidence):
    name = "mnist-fc-sdtp-alternating-averaged-table-5"
    _, validations = evidence.curve(name, "val_accuracy", first=1)
    assert (validations[:, -1] > validations.max(axis=1) - 0.01).all()
    assert (validations[:, 49:].mean(axis=1) > validations[:, 39:49].mean(axis=1)).all()


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("ao-sdtp-alternating-summed", "sdtp-alternating-summed"),
        ("sdtp-alternating-damped", "sdtp-alternating-summed-narrow"),
        ("dfa", "fa"),
        ("dtp-alternating", "sdtp-alternating-averaged"),
        ("dtp-alternating", "sdtp-alternating-summed"),
        ("sdtp-alternating-averaged-table-5", "sdtp-alternating-summed-table-5"),
    ],
)
def test_what_is_better_in_every_seed(better, worse, evidence):
    ours, theirs = (
        evidence.values(f"mnist-fc-{method}", AT_BEST_VALIDATION) for method in (better, worse)
    )
    assert len(ours) == 3
    assert all(a > b for a, b in zip(ours, theirs, strict=True))


def test_how_far_targets_are(evidence, text):
    def away(method):
        _, far = evidence.curve(f"mnist-fc-{method}", "target_distance_5", first=1)
        mean = 100 * far.mean(axis=0)
        return f"{mean.min():.0f} to {mean.max():.0f} %"

    assert f"stay {away('sdtp-alternating-summed')} of the activity away" in text
    narrow = away("sdtp-alternating-summed-narrow")
    assert f"middle; {narrow} as the narrow search found it" in text
    steps = []
    for method in ("ao-sdtp-alternating-damped", "sdtp-alternating-damped"):
        _, distance = evidence.curve(f"mnist-fc-{method}", "target_distance_5", first=1)
        rule, _ = configured("mnist-fc", method)
        assert isinstance(rule, SDTP | AOSDTP)
        steps.append((rule.step, distance[0]))
    (auxiliary, with_features), (plain, without) = steps
    found = " and ".join(f"{step:.3f}".removeprefix("0") for step in (auxiliary, plain))
    assert f"steps that the searches found, {found}" in text
    first, twentieth = (with_features / auxiliary / (without / plain))[[0, 19]]
    assert first == pytest.approx(0.8, abs=0.05)
    assert twentieth == pytest.approx(0.5, abs=0.05)


def test_on_cifar_all_methods_lie_within_two_points(evidence, text):
    methods = ["bp", "fa", "dfa", "dtp-parallel", "dtp-alternating"]
    methods += [f"{f}-{w}-damped" for f in ("sdtp", "ao-sdtp") for w in ("parallel", "alternating")]
    errors = {m: 1 - evidence.values(f"cifar-fc-{m}", AT_BEST_VALIDATION)[0] for m in methods}
    assert round(100 * (max(errors.values()) - min(errors.values())), 1) <= 2.0
    assert min(errors, key=errors.__getitem__) == "dfa"
    assert max(errors, key=errors.__getitem__) == "fa"


def test_fa_and_dfa_make_their_best_autoencoders_in_the_first_epoch(evidence):
    for method in ("fa", "dfa"):
        _, explained = evidence.curve(f"autoencoder-{method}", "test_explained_variance", first=1)
        assert explained[0].argmax() == 0


def test_the_epochs_that_ran_are_those_of_the_text(text):
    assert [SETUPS[s].quick_epochs for s in ("mnist-fc", "mnist-lc", "cifar-fc")] == [60, 10, 5]
    for words in ("fully connected**, 60 epochs", "locally connected**, ten epochs"):
        assert words in text
    assert "**CIFAR-10**, five epochs of one seed" in text
