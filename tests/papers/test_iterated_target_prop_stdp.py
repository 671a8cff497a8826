"""STDP as a temporal derivative: laws of the two simulations."""

import itertools
import math

import numpy as np
import pytest

from apical.errors import UsageError
from apical.papers.iterated_target_prop.stdp import (
    GAP,
    POTENTIALS,
    STDP,
    TIMINGS,
    WIDEST,
    FromRest,
    Leaky,
    Linear,
    Noisy,
    Pairs,
    StdpRates,
    StdpWindow,
    Window,
    expected_stdp,
    exponents,
    figure_1,
    gain,
    measures,
    random_rates,
    stdp,
    window,
)
from apical.papers.iterated_target_prop.stdp_figures import draw_rates, draw_window
from apical.report.style import look
from apical.reproduce import paper
from apical.reproduce.evidence import Evidence
from apical.reproduce.examination import Examined

FEW = 400_000
SMALL = Pairs(pairs=10, steps=600, window=100, smooth=50, draws=(1, 5))


def timings(potential, slope, n=200_000, seed=0):
    """Of gaps uniform up to `GAP`, at one slope."""
    rng = np.random.default_rng(seed)
    return potential.timing(np.full(n, slope), rng.uniform(0, GAP, n), rng)


@pytest.mark.parametrize("slope", [0.002, -0.03, 0.5, -2.0])
def test_the_mean_timing_of_a_slope_is_half_the_gap_over_it(slope):
    found = timings(Linear(), slope)
    assert np.mean(found) == pytest.approx(GAP / (2 * slope), rel=0.01)
    assert np.abs(found).max() <= GAP / abs(slope)


def test_the_window_of_constant_slopes_is_the_one_worked_out():
    """Pairs at t are as 1/t, and their slopes uniform up to GAP / t: an integral for each bin."""
    found = window(Linear(), seed=0)
    t = np.abs(TIMINGS)
    mean = GAP / 2 / (t**2 - 1 / 4) / np.log((t + 0.5) / (t - 0.5))
    # Slopes are drawn from GAP / 1000, not from zero.
    np.testing.assert_allclose(np.abs(found.changes), mean + GAP / 2000, rtol=0.03)
    assert np.all(found.changes * TIMINGS > 0)
    assert np.all(found.changes * TIMINGS > 0)
    near, far = found.counts[TIMINGS == 2], found.counts[TIMINGS == 20]
    assert near / far == pytest.approx(10, rel=0.05)


def test_slopes_of_the_other_sign_mirror_the_window():
    n, rng = FEW, np.random.default_rng(1)
    slope, gap = rng.uniform(0.05, 0.5, n), rng.uniform(0, GAP, n)
    np.testing.assert_array_equal(
        Linear().timing(-slope, gap, rng), -Linear().timing(slope, gap, rng)
    )
    np.testing.assert_array_equal(
        Leaky(tau=7.0).timing(-slope, gap, rng), -Leaky(tau=-7.0).timing(slope, gap, rng)
    )
    there, back = (Noisy(0.2).timing(sign * slope, gap, rng) for sign in (1, -1))
    edges = np.arange(-10, 11)
    counts = [np.histogram(t, edges)[0] for t in (there, -back)]
    assert np.all(np.abs(counts[0] - counts[1]) < 4.5 * np.sqrt(counts[0] + counts[1] + 1))


def test_noise_crosses_as_a_random_walk_does():
    """Paths after t = 0 and before it, in small steps; the nearer crossing is the spike."""
    slope, gap, sigma, dt, paths, end = 0.15, 0.6, 0.3, 0.01, 3000, 30.0
    rng = np.random.default_rng(0)
    first = []
    for drift in (slope, -slope):
        path, when = np.zeros(paths), np.full(paths, np.inf)
        for step in range(1, int(end / dt) + 1):
            path += drift * dt + sigma * math.sqrt(dt) * rng.normal(size=paths)
            # Between two steps a path may cross and come back: the barrier is lower by this.
            crossed = (path >= gap - 0.5826 * sigma * math.sqrt(dt)) & np.isinf(when)
            when[crossed] = step * dt
        first.append(when)
    walked = np.where(first[0] < first[1], first[0], -first[1])
    shape = np.full(FEW, slope)
    found = Noisy(sigma).timing(shape, np.full(FEW, gap), rng)
    for low, high in ((-end, 0), (-3, 0), (0, 2), (0, 5), (0, end)):
        shares = [np.mean((low < t) & (t < high)) for t in (walked, found)]
        assert shares[0] == pytest.approx(shares[1], abs=0.03), (low, high)


def test_without_noise_the_noisy_potential_is_the_linear_one():
    gap, slope = np.linspace(0.1, 1, 50), np.tile([0.1, -0.2], 25)
    rng = np.random.default_rng(0)
    np.testing.assert_allclose(Noisy(1e-6).timing(slope, gap, rng), gap / slope, rtol=1e-3)


def test_a_leaky_potential_is_at_threshold_when_it_spikes_or_never_gets_there():
    rng = np.random.default_rng(0)
    slope, gap = rng.uniform(-0.3, 0.3, 1000), rng.uniform(0, GAP, 1000)
    t = Leaky(tau=5.0).timing(slope, gap, rng)
    met = np.isfinite(t)
    rises = slope[met] * 5 * (1 - np.exp(-t[met] / 5))
    np.testing.assert_allclose(rises, gap[met], atol=1e-9)
    np.testing.assert_array_equal(met, slope * 5 > np.where(slope > 0, gap, -np.inf))


@pytest.mark.parametrize("slope", [0.02, 0.4])
def test_from_rest_the_mean_timing_falls_as_the_root_of_the_slope(slope):
    after = timings(FromRest(rate=3.0), slope)
    assert np.mean(after) == pytest.approx(math.sqrt(math.pi / (2 * 3 * slope)), rel=0.01)
    # Half of them have spiked when rate slope t^2 / 2 is log 2.
    assert np.median(after) == pytest.approx(math.sqrt(2 * math.log(2) / (3 * slope)), rel=0.01)
    np.testing.assert_array_equal(timings(FromRest(), -slope), timings(Linear(), -slope))


def test_only_spikes_from_rest_make_the_branch_after_steep():
    """Noise leaves the branches alike, and a leak steepens the other one."""
    by_name = {p.name: exponents(TIMINGS, window(p, seed=0, pairs=FEW).changes) for p in POTENTIALS}
    apart = {name: p["exponent_after"] - p["exponent_before"] for name, p in by_name.items()}
    assert abs(apart["linear"]) < 0.03
    assert abs(apart["noisy"]) < 0.06
    assert apart["leaky"] > 0.1
    assert apart["from-rest"] < -0.7


def test_pairs_beyond_the_window_and_without_an_order_are_left_out():
    counts = window(Linear(), seed=0, pairs=FEW).counts
    assert 0 < counts.sum() < FEW
    assert len(TIMINGS) == 2 * WIDEST == len(counts)
    assert 0 not in TIMINGS


def test_measures_of_a_hyperbola():
    found = measures(Window(0.3 / TIMINGS, np.ones(44, int)))
    for name, value in {
        "bins_agree": 1, "falls_before": 1, "falls_after": 1, "hyperbola": 0.3,
        "hyperbola_spread": 0, "hyperbola_r2": 1, "exponent_before": -1, "exponent_after": -1,
    }.items():  # fmt: skip
        assert found[name] == pytest.approx(value, abs=1e-9), name


def test_measures_of_a_flaw_on_one_side():
    changes = 0.3 / TIMINGS
    changes[TIMINGS == 7] = -0.3 / 5
    found = measures(Window(changes, np.ones(44, int)))
    assert found["bins_agree"] == pytest.approx(43 / 44)
    assert (found["falls_before"], found["falls_after"]) == (1, 0)
    assert found["hyperbola_r2"] < 1


def test_the_figures_points_are_those_read_off():
    points = figure_1()
    assert points.shape == (21, 2)
    assert np.all(points[:, 0] * points[:, 1] > 0)
    fitted = exponents(*points.T)
    assert fitted["exponent_before"] == pytest.approx(-1.1, abs=0.05)
    assert fitted["exponent_after"] == pytest.approx(-1.9, abs=0.05)


def test_stdp_is_what_a_loop_over_spikes_finds():
    post = np.random.default_rng(0).random((5, 40)) < 0.2
    found = stdp(post, 6.0)
    for pair, t in itertools.product(range(5), range(40)):
        later = [u - t for u in range(t + 1, 40) if post[pair, u]]
        earlier = [t - u for u in range(t) if post[pair, u]]
        kernel = [math.exp(-min(side) / 6) if side else 0 for side in (later, earlier)]
        assert found[pair, t] == pytest.approx(kernel[0] - kernel[1])


def test_stdp_played_backwards_has_the_other_sign():
    post = np.random.default_rng(1).random((3, 30)) < 0.3
    np.testing.assert_allclose(stdp(post[:, ::-1], 4.0), -stdp(post, 4.0)[:, ::-1])


def test_expected_stdp_is_the_mean_over_all_trains_of_spikes():
    rates = np.random.default_rng(2).uniform(0.1, 0.9, 7)
    mean = np.zeros(7)
    for train in itertools.product((False, True), repeat=7):
        spikes = np.array(train)
        chance = np.prod(np.where(spikes, rates, 1 - rates))
        mean += chance * stdp(spikes[None], 3.0)[0]
    np.testing.assert_allclose(expected_stdp(rates[None], 3.0)[0], mean, rtol=1e-12)


def test_constant_rates_change_nothing_on_average():
    rates = np.full((400, 1200), 0.04)
    middle = slice(500, 700)
    np.testing.assert_allclose(expected_stdp(rates, 20.0)[:, middle], 0, atol=1e-10)
    rng = np.random.default_rng(3)
    S_i, S_j = rng.random(rates.shape) < rates, rng.random(rates.shape) < rates
    summed = (S_i * stdp(S_j, 20.0))[:, middle].sum(axis=1)
    assert summed.std() > 0.5
    assert abs(summed.mean()) < 3 * summed.std() / math.sqrt(len(summed))


@pytest.mark.parametrize("level", [1e-4, 0.05, 0.4])
def test_a_slowly_rising_rate_is_read_with_the_gain(level):
    slope = 1e-8
    rates = level + slope * np.arange(-600, 600)[None]
    found = expected_stdp(rates, 20.0)[0, 600] / slope
    assert found == pytest.approx(gain(np.array(level), 20.0), rel=0.01)


def test_at_low_rates_the_gain_is_twice_tau_squared():
    assert gain(np.array(0.0), 50.0) == pytest.approx(2 * 50**2, rel=1e-3)


def test_rates_are_smooth_and_of_the_range_asked_for():
    asked = Pairs(pairs=200)
    rates = asked.rates(np.random.default_rng(0))
    assert rates.shape == (asked.pairs, asked.steps)
    assert 0 < rates.min() < 0.1 * asked.highest
    assert 0.9 * asked.highest < rates.max() < asked.highest
    assert rates.mean() == pytest.approx(asked.highest / 2, rel=0.05)
    signal = np.log(rates / (asked.highest - rates)) / 2
    assert signal.std() == pytest.approx(1, rel=0.06)
    # The correlation of white noise that a Gaussian has smoothed, one width on: e^(-1/4).
    later = np.mean(signal[:, :-100] * signal[:, 100:]) / np.mean(signal**2)
    assert later == pytest.approx(math.exp(-1 / 4), abs=0.05)


def test_steps_that_are_no_three_windows_are_refused():
    for steps in (500, 400):
        with pytest.raises(UsageError, match=f"three windows or more, found {steps} steps"):
            Pairs(steps=steps, window=200)


def test_over_all_draws_stdp_is_the_temporal_derivative():
    asked = Pairs(pairs=40, draws=(1, 40))
    found = [random_rates(asked, seed=seed) for seed in range(3)]
    for one in found:
        assert one["correlations"][0] < one["correlations"][1] < one["correlation_exact"]
        assert one["correlation_exact"] > 0.93
        assert one["correlation_saturating"] > 0.999
        assert one["agree_exact"] > 0.95
        low, high = (gain(np.array(r), asked.tau) for r in (0, asked.highest))
        assert high < one["slope"] < low
    assert found[0]["correlations"] != found[1]["correlations"]
    assert random_rates(asked, seed=0) == found[0]


def test_means_of_draws_come_near_the_exact_mean():
    """With 400 draws the noise that is left is small beside what the rates do."""
    asked = Pairs(pairs=4, steps=600, draws=(1, 400), highest=0.2)
    found = random_rates(asked, seed=0)
    rng = np.random.default_rng(0)
    pre, post = asked.rates(rng), asked.rates(rng)
    exact = asked.summed(pre * expected_stdp(post, asked.tau))
    assert len(found["stdp"]) == 4  # windows at the ends are left out
    np.testing.assert_allclose(found["stdp"], exact, atol=0.35)
    derivative = asked.summed(pre * np.gradient(post, axis=1))
    np.testing.assert_allclose(found["derivative"], derivative, rtol=0.1, atol=5e-4)


@pytest.fixture(scope="module")
def examined(tmp_path_factory):
    """Runs of two seeds of any experiment, examined with fewer draws."""
    root = tmp_path_factory.mktemp("quick")
    records = paper.read("difference-target-propagation").records
    for name in records.names("quick")[:2]:
        folder = root / "any" / f"seed-{name.seed}"
        records.unpack(name, folder)
        for potential in POTENTIALS:
            Examined(StdpWindow(potential, pairs=FEW), folder).execute()
        Examined(StdpRates(SMALL), folder).execute()
    return Evidence(root)


def test_what_was_examined_is_evidence_by_seed(examined):
    assert examined.at("any", "stdp-linear:bins_agree") == {0: 1.0, 1: 1.0}
    found = examined.at("any", "stdp-from-rest:exponent_after")
    assert found[0] == measures(window(FromRest(), seed=0, pairs=FEW))["exponent_after"]
    assert found[1] == measures(window(FromRest(), seed=1, pairs=FEW))["exponent_after"]
    rates = examined.at("any", "stdp-rates:correlation_saturating")
    assert rates == {s: random_rates(SMALL, seed=s)["correlation_saturating"] for s in (0, 1)}


def test_figures_are_drawn_from_what_was_examined(examined, tmp_path):
    with look():
        paths = [*draw_window(examined, "any", tmp_path), *draw_rates(examined, "any", tmp_path)]
        assert draw_window(examined, "none", tmp_path) == []
        assert draw_rates(examined, "none", tmp_path) == []
    assert {p.name for p in paths} == {
        "stdp-window.png", "stdp-window.svg", "stdp-rates.png", "stdp-rates.svg"
    }  # fmt: skip
    assert all(path.stat().st_size > 1000 for path in paths)


def test_what_is_examined_has_names_of_its_own():
    names = [examination.name for examination in STDP]
    assert len(set(names)) == len(names) == len(POTENTIALS) + 1
