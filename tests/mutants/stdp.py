"""STDP as a temporal derivative: the window, random rates, and what they are measured by."""

from tests.mutants.mutant import Mutant

STDP = "papers/iterated_target_prop/stdp.py"
TESTS = "tests/papers/test_iterated_target_prop_stdp.py"


def _mutant(name: str, old: str, new: str, *tests: str) -> Mutant:
    return Mutant(f"stdp: {name}", STDP, old, new, tuple(f"{TESTS}::{test}" for test in tests))


MUTANTS = (
    _mutant(
        "a falling potential crosses later too",
        "return gap / slope\n\n\n@dataclass(frozen=True)\nclass Noisy",
        "return gap / abs(slope)\n\n\n@dataclass(frozen=True)\nclass Noisy",
        "test_the_mean_timing_of_a_slope_is_half_the_gap_over_it",
    ),
    _mutant(
        "slopes are uniform",
        "steepness = np.exp(rng.uniform(flattest, steepest, pairs))",
        "steepness = rng.uniform(*SLOPES, pairs)",
        "test_the_window_of_constant_slopes_is_the_one_worked_out",
    ),
    _mutant(
        "bins reach from one whole step to the next",
        "np.rint(np.clip(",
        "np.trunc(np.clip(",
        "test_the_window_of_constant_slopes_is_the_one_worked_out",
    ),
    _mutant(
        "noise never crosses against the drift",
        "np.exp(-2 * drift * gap / self.sigma**2)",
        "np.exp(-2 * drift * gap / self.sigma**4)",
        "test_noise_crosses_as_a_random_walk_does",
    ),
    _mutant(
        "noise has sigma where its square belongs",
        "(gap / self.sigma) ** 2",
        "gap**2 / self.sigma",
        "test_noise_crosses_as_a_random_walk_does",
    ),
    _mutant(
        "a leak speeds up",
        "-self.tau * np.log1p(-part)",
        "self.tau * np.log1p(part)",
        "test_a_leaky_potential_is_at_threshold_when_it_spikes_or_never_gets_there",
    ),
    _mutant(
        "from rest a spike comes at a constant rate",
        "np.sqrt(2 * waited / (self.rate * np.abs(slope)))",
        "2 * waited / (self.rate * np.abs(slope))",
        "test_from_rest_the_mean_timing_falls_as_the_root_of_the_slope",
    ),
    _mutant(
        "one branch alone must fall",
        "float(np.all(np.diff(size[after]) < 0))",
        "float(np.all(np.diff(size[~after]) > 0))",
        "test_measures_of_a_flaw_on_one_side",
    ),
    _mutant(
        "spikes of one step are a pair",
        "np.full((len(post), 1), -np.inf), spiked[:, :-1]]",
        "spiked[:, :0], spiked]",
        "test_stdp_is_what_a_loop_over_spikes_finds",
    ),
    _mutant(
        "the spike after the presynaptic one depresses",
        "_since(post[:, ::-1], tau)[:, ::-1] - _since(post, tau)",
        "_since(post, tau) - _since(post[:, ::-1], tau)[:, ::-1]",
        "test_stdp_is_what_a_loop_over_spikes_finds",
    ),
    _mutant(
        "the mean is of all spikes and not of the nearest",
        "spikes + (1 - spikes) * found[:, t - 1]",
        "spikes + found[:, t - 1]",
        "test_expected_stdp_is_the_mean_over_all_trains_of_spikes",
    ),
    _mutant(
        "the gain does not saturate",
        "(1 - q * (1 - rates)) ** 3",
        "(1 - q) ** 3 + 0 * rates",
        "test_a_slowly_rising_rate_is_read_with_the_gain",
    ),
    _mutant(
        "windows at the ends count",
        "parts[:, 1:-1].ravel()",
        "parts.ravel()",
        "test_over_all_draws_stdp_is_the_temporal_derivative",
    ),
    _mutant(
        "smoothed noise is not of unit variance",
        "np.sqrt(2 * np.sqrt(np.pi) * self.smooth)",
        "np.sqrt(np.sqrt(np.pi) * self.smooth)",
        "test_rates_are_smooth_and_of_the_range_asked_for",
    ),
    _mutant(
        "j spikes at the rate of i",
        "S_i, S_j = rng.random(pre.shape) < pre, rng.random(post.shape) < post\n        sums",
        "S_i, S_j = rng.random(pre.shape) < pre, rng.random(post.shape) < pre\n        sums",
        "test_means_of_draws_come_near_the_exact_mean",
    ),
    _mutant(
        "an examination forgets the run's seed",
        'random_rates(self.asked, seed=RunFolder(run).config()["seed"])',
        "random_rates(self.asked, seed=0)",
        "test_what_was_examined_is_evidence_by_seed",
    ),
)
