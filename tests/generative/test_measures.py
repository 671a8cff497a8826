"""Measures of samples, against formulas written out and other people's code."""

import json

import numpy as np
import pytest
import scipy.linalg
from sklearn.neighbors import KernelDensity

from apical import BP, IteratedTargetProp, UsageError, fit
from apical.cli.generate import evaluate
from apical.generative import coverage as coverage_module, parzen as parzen_module
from apical.generative.coverage import coverage
from apical.generative.frechet import frechet
from apical.generative.judge import Judge
from apical.generative.parzen import SIGMAS, log_likelihoods, parzen
from apical.generative.references import drawn_again, gaussian
from apical.generative.reload import reload
from tests.generative.tiny import SMALL
from tests.training.small import SMALL as BY_A_RULE

DRAW = np.random.default_rng(0)
SAMPLES, VALIDATION, TEST = (DRAW.uniform(size=(n, 5)) for n in (40, 23, 31))


@pytest.mark.parametrize("at_once", [10**6, 40 * 7, 1])
def test_a_parzen_window_is_a_mixture_of_gaussians(at_once, monkeypatch):
    monkeypatch.setattr(parzen_module, "AT_ONCE", at_once)
    found = log_likelihoods(SAMPLES, TEST, (0.1, 0.4))
    for sigma, ours in zip((0.1, 0.4), found, strict=True):
        theirs = KernelDensity(bandwidth=sigma).fit(SAMPLES).score_samples(TEST)
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
        each = [
            -np.sum((TEST - s) ** 2, axis=1) / (2 * sigma**2) - 5 / 2 * np.log(2 * np.pi * sigma**2)
            for s in SAMPLES
        ]
        direct = np.log(np.mean(np.exp(each), axis=0))
        np.testing.assert_allclose(ours, direct, rtol=1e-4, atol=1e-4)


def test_far_examples_have_a_finite_log_likelihood():
    (found,) = log_likelihoods(SAMPLES, TEST + 100, (0.1,))
    assert np.isfinite(found).all()
    assert found.max() < -1e6


def test_the_width_is_chosen_on_validation_and_the_mean_is_tests():
    found = parzen(SAMPLES, VALIDATION, TEST)
    tried = log_likelihoods(SAMPLES, VALIDATION, SIGMAS).mean(axis=1)
    assert found.sigma == SIGMAS[int(np.argmax(tried))]
    np.testing.assert_allclose(found.validation, tried)
    (test,) = log_likelihoods(SAMPLES, TEST, (found.sigma,))
    assert found.mean == pytest.approx(test.mean())
    assert found.standard_error == pytest.approx(test.std(ddof=1) / np.sqrt(31))
    assert not found.at_an_end
    assert parzen(VALIDATION, VALIDATION, TEST).sigma == SIGMAS[0]
    assert parzen(VALIDATION, VALIDATION, TEST).at_an_end


def test_the_widths_are_ten_from_a_tenth_to_one():
    assert len(SIGMAS) == 10
    np.testing.assert_allclose(np.diff(np.log10(SIGMAS)), 1 / 9)
    assert (SIGMAS[0], SIGMAS[-1]) == (0.1, 1.0)


def test_nothing_to_measure_is_told():
    with pytest.raises(UsageError, match="needs samples and examples, got 0 and 31"):
        log_likelihoods(SAMPLES[:0], TEST, (0.1,))


@pytest.mark.parametrize("rows", [1000, 7])
def test_coverage_counts_balls(rows, monkeypatch):
    monkeypatch.setattr(coverage_module, "ROWS", rows)
    k = 3

    def distance(a, b):
        return np.linalg.norm(a[:, None] - b[None], axis=2)

    real, samples = TEST, SAMPLES * 1.3 - 0.2
    reach = np.sort(distance(real, real), axis=1)[:, k]
    reach_of_samples = np.sort(distance(samples, samples), axis=1)[:, k]
    near = distance(real, samples)
    found = coverage(real, samples, k)
    held = near <= reach[:, None]
    assert found.precision == pytest.approx(held.any(axis=0).mean())
    assert found.recall == pytest.approx((near <= reach_of_samples[None]).any(axis=1).mean())
    assert found.density == pytest.approx(held.sum() / (k * len(samples)))
    assert found.coverage == pytest.approx(held.any(axis=1).mean())
    assert 0 < found.precision < 1
    with pytest.raises(UsageError, match="k: must be 1 or more and below"):
        coverage(real, samples, 31)


def test_what_lies_on_the_edge_of_a_ball_lies_within():
    """Neighbours on a line are as far apart as the radii are long."""
    line = np.arange(8.0)[:, None]
    found = coverage(line, line + 1, 1)
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)
    assert found.density == 21 / 8  # one, two and six times three neighbours


def test_one_mode_alone_is_precise_and_recalls_little():
    real = np.concatenate([DRAW.normal(size=(100, 2)), DRAW.normal(size=(100, 2)) + 50])
    found = coverage(real, DRAW.normal(size=(150, 2)))
    assert found.precision > 0.8
    assert found.recall < 0.6
    assert found.coverage < 0.6


def test_the_frechet_distance_is_its_formula():
    a, b = DRAW.normal(size=(60, 4)), DRAW.normal(size=(50, 4)) @ DRAW.normal(size=(4, 4)) + 1
    c, d = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = scipy.linalg.sqrtm(c @ d).real
    apart = np.sum((a.mean(axis=0) - b.mean(axis=0)) ** 2)
    assert frechet(a, b) == pytest.approx(apart + np.trace(c + d - 2 * root))
    assert frechet(a, b) == pytest.approx(frechet(b, a))


def test_references_are_real_examples_and_a_gaussian():
    rows = DRAW.uniform(size=(4000, 3)) @ DRAW.uniform(size=(3, 3)) / 3
    real = drawn_again(rows, 4000, seed=0)
    np.testing.assert_allclose(np.sort(real, axis=0), np.sort(rows, axis=0))
    with pytest.raises(UsageError, match="ask for 4000 at most"):
        drawn_again(rows, 4001, seed=0)
    drawn = gaussian(rows, 20_000, seed=0, within=(-9, 9))
    np.testing.assert_allclose(drawn.mean(axis=0), rows.mean(axis=0), atol=0.01)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(rows.T), rtol=0.1, atol=1e-3)
    flat = gaussian(rows, 100, seed=0, components=1, within=(-9, 9))
    assert np.linalg.matrix_rank(flat - flat.mean(axis=0), tol=1e-6) == 1
    clipped = gaussian(rows, 100, seed=0, within=(0.4, 0.6))
    assert clipped.min() >= 0.4
    assert clipped.max() <= 0.6


def test_real_examples_are_judged_better_than_what_an_untrained_model_samples(blobs, tmp_path):
    IteratedTargetProp((8, 4)).fit(blobs, out=tmp_path, **SMALL | {"epochs": 1})
    task, models = reload(tmp_path, blobs)
    seen_by = fit(BP(), blobs, lr=0.05, **BY_A_RULE).models[0]
    judge = Judge(task, seen_by)
    rows = drawn_again(judge.train, 60, seed=0)
    real = judge.measure(rows)
    made = judge.measure(models[0].sample(60))
    np.testing.assert_allclose(judge.validation, blobs.validation.x.reshape(60, -1) / 255)
    np.testing.assert_allclose(judge.test, blobs.test.x.reshape(60, -1) / 255)
    assert real["parzen"] == parzen(rows, judge.validation, judge.test)._asdict()
    real_features, features = (judge._seen(each)[0] for each in (judge.test, rows))
    seen = coverage(real_features, features)
    assert real.items() >= seen._asdict().items()
    assert seen.density != coverage(features, real_features).density  # so that their order matters
    assert real["parzen"]["mean"] > made["parzen"]["mean"]
    assert real["frechet"] < made["frechet"]
    assert real["coverage"] > max(made["coverage"], 0.5)
    assert sum(made["classes"]) == pytest.approx(1)
    assert "frechet" not in Judge(task).measure(judge.test)
    # The classifier reads raw examples: those of the test set are seen as they were trained on.
    _, scores = judge._seen(judge.test)
    np.testing.assert_allclose(scores, seen_by(blobs.test.x), atol=1e-5)


def test_each_column_is_measured_of_samples_with_its_rounds(tmp_path):
    IteratedTargetProp((8, 4)).fit("digits", out=tmp_path / "run", epochs=1)
    evaluate(tmp_path / "run", samples=50, rounds=2, out=tmp_path / "measured.json")
    measured = json.loads((tmp_path / "measured.json").read_text())
    task, models = reload(tmp_path / "run")
    for rounds, column in ((0, "model, no rounds"), (2, "model, 2 rounds")):
        found = Judge(task).measure(models[0].sample(50, rounds=rounds))
        (expected,) = measured[column]
        assert expected["parzen"]["mean"] == pytest.approx(found["parzen"]["mean"])
    assert measured["model, no rounds"] != measured["model, 2 rounds"]
