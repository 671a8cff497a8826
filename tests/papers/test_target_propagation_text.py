"""The numbers in the text of the target propagation study are those of the records."""

import numpy as np
import pytest

from apical.papers.target_propagation.methods import configured
from apical.papers.target_propagation.networks import SETUPS
from apical.reproduce import paper
from apical.reproduce.evidence import AT_BEST_VALIDATION, Evidence
from apical.rules import AOSDTP, SDTP
from apical.runs.statistics import mean_and_half_width

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


def _short(number: np.ndarray | float) -> str:
    return f"{number:.2f}".removeprefix("0")


def _best(evidence: Evidence, experiment: str) -> np.ndarray:
    return 100 * (1 - np.array(evidence.values(experiment, AT_BEST_VALIDATION)))


def _error(evidence: Evidence, experiment: str) -> str:
    """The test error at the best validation epoch, as `1.80 ± .15`; of one seed `1.66`."""
    errors = _best(evidence, experiment)
    mean, half = mean_and_half_width(errors)
    return f"{mean:.2f} ± {_short(half)}" if len(errors) > 1 else f"{mean:.2f}"


def _coarse(evidence: Evidence, experiment: str) -> str:
    return f"{_best(evidence, experiment)[0]:.1f}"


def test_the_fully_connected_mnist_network(evidence, text):
    def error(method):
        return _error(evidence, f"mnist-fc-{method}")

    for sentence in (
        f"BP has a test error of {error('bp')} %",
        f"DFA {error('dfa')}, DTP {error('dtp-alternating')} in turns and "
        f"{error('dtp-parallel')} in parallel, FA {error('fa')}",
        f"searched as DTP was it comes to {error('sdtp-alternating-summed-narrow')} %",
        f"found {error('sdtp-alternating-summed')} %",
        f"reach {error('sdtp-alternating-damped')} % in turns and {error('sdtp-parallel-damped')} "
        f"in parallel (SDTP), {error('ao-sdtp-alternating-damped')} and "
        f"{error('ao-sdtp-parallel-damped')} (AO-SDTP)",
    ):
        assert sentence in text


def test_what_the_settings_of_table_5_do_to_sdtp(evidence, text):
    name = "mnist-fc-sdtp-alternating-summed-table-5"
    _, tests = evidence.curve(name, "test_accuracy", first=1)
    epochs, validations = evidence.curve(name, "val_accuracy", first=1)
    assert set(epochs[validations.argmax(axis=1)]) == {1, 2}
    ends = "{:.1f}, {:.1f} and {:.1f} %".format(*sorted(100 * (1 - tests[:, -1])))
    assert f"best after the first or second epoch ({_error(evidence, name)} %" in text
    assert f"its three seeds end at {ends}" in text
    epochs, tests = evidence.curve("mnist-fc-sdtp-parallel-summed-table-5", "test_accuracy")
    errors = 100 * (1 - tests[0])
    assert f"{errors[1]:.1f} % after the first epoch and 80 % or more from the second on" in text
    assert f"({errors[-1]:.1f} % after {epochs[-1]})" in text
    assert 80 <= min(errors[2:]) < 81
    _, validations = evidence.curve("mnist-fc-sdtp-alternating-summed", "val_accuracy", first=5)
    early = 100 * (1 - validations[:, :36])
    assert f"between {early.min():.0f} and {np.ceil(early.max()):.0f} % on validation" in text


def test_how_far_targets_are(evidence, text):
    _, far = evidence.curve("mnist-fc-sdtp-alternating-summed-narrow", "target_distance_5", first=1)
    mean = 100 * far.mean(axis=0)
    assert f"stay {mean.min():.0f} to {mean.max():.0f} % of the activity away" in text
    steps = []
    for method in ("ao-sdtp-alternating-damped", "sdtp-alternating-damped"):
        _, distance = evidence.curve(f"mnist-fc-{method}", "target_distance_5", first=1)
        rule, _ = configured("mnist-fc", method)
        assert isinstance(rule, SDTP | AOSDTP)
        steps.append((rule.step, distance[0]))
    (theirs, auxiliary), (own, plain) = steps
    assert f"searches found, {_three(theirs)} and {_three(own)}" in text
    first, twentieth = (auxiliary / theirs / (plain / own))[[0, 19]]
    assert first == pytest.approx(0.8, abs=0.05)
    assert twentieth == pytest.approx(0.5, abs=0.05)


def _three(number: float) -> str:
    return f"{number:.3f}".removeprefix("0")


def test_the_other_networks(evidence, text):
    def lc(method):
        return _error(evidence, f"mnist-lc-{method}")

    def cifar(network, method):
        return _coarse(evidence, f"cifar-{network}-{method}")

    for sentence in (
        f"ten epochs: BP {lc('bp')} %, FA {lc('fa')}",
        f"DFA {lc('dfa')}, DTP {lc('dtp-alternating')} in turns and {lc('dtp-parallel')} in "
        "parallel",
        f"layer shared, {lc('bp-conv')}; damped SDTP {lc('sdtp-alternating-damped')} and "
        f"{lc('sdtp-parallel-damped')}, damped AO-SDTP {lc('ao-sdtp-alternating-damped')} and "
        f"{lc('ao-sdtp-parallel-damped')}",
        f"twenty epochs FA comes to {lc('fa-longer')}, BP to {lc('bp-longer')}",
        f"{cifar('fc', 'dfa')} % (DFA) to {cifar('fc', 'fa')} % (FA), BP's with them "
        f"({cifar('fc', 'bp')} %)",
        f"BP is ahead, with {cifar('lc', 'bp')} %, then come DTP ({cifar('lc', 'dtp-parallel')} in "
        f"parallel, {cifar('lc', 'dtp-alternating')} in turns)",
        f"damped SDTP ({cifar('lc', 'sdtp-parallel-damped')}, "
        f"{cifar('lc', 'sdtp-alternating-damped')}) and AO-SDTP "
        f"({cifar('lc', 'ao-sdtp-parallel-damped')}, {cifar('lc', 'ao-sdtp-alternating-damped')})",
        f"DFA and FA with {cifar('lc', 'dfa')} and {cifar('lc', 'fa')}",
        f"shared weights BP has {cifar('lc', 'bp-conv')} %",
    ):
        assert sentence in text


def test_the_autoencoders(evidence, text):
    def left(method):
        _, explained = evidence.curve(f"autoencoder-{method}", "test_explained_variance", first=1)
        return 100 * (1 - explained[0])

    def lowest_and_last(method):
        curve = left(method)
        return f"{curve.min():.1f}", f"{curve[-1]:.1f}"

    def both(method, end):
        turns, parallel = (
            lowest_and_last(f"{method}-{way}-damped")[end] for way in ("alternating", "parallel")
        )
        return turns, parallel

    (fa, fa_end), (dfa, dfa_end) = lowest_and_last("fa"), lowest_and_last("dfa")
    down, up = both("sdtp", 0), both("sdtp", 1)
    ao_down, ao_up = both("ao-sdtp", 0), both("ao-sdtp", 1)
    for sentence in (
        f"BP leaves {lowest_and_last('bp')[1]} % of the variance of test images unexplained and "
        f"DTP {lowest_and_last('dtp-alternating')[1]} ({lowest_and_last('dtp-parallel')[1]} in "
        "parallel)",
        f"({fa} and {dfa}) and end at {fa_end} and {dfa_end}",
        f"to {down[0]} in the second epoch ({down[1]} in parallel)",
        f"again, to {up[0]} ({up[1]})",
        f"from {ao_down[0]} ({ao_down[1]}) to {ao_up[0]} ({ao_up[1]})",
    ):
        assert sentence in text
    assert left("fa").argmin() == left("dfa").argmin() == 0


def test_the_epochs_that_ran_are_those_of_the_text(text):
    assert [SETUPS[s].quick_epochs for s in ("mnist-fc", "mnist-lc", "cifar-fc")] == [60, 10, 5]
    for words in ("fully connected**, 60 epochs", "locally connected**, ten epochs"):
        assert words in text
    assert "**CIFAR-10**, five epochs of one seed" in text
