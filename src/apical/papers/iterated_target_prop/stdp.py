"""Spike-timing-dependent plasticity (STDP) as a temporal derivative: two simulations of it.

The paper reads STDP as dW = S_i dV_j/dt: at a presynaptic spike, a weight changes by the slope of
the postsynaptic potential. `window` is its Figure 1, the change by the time from the presynaptic
spike to the postsynaptic one. `random_rates` is the simulation of the companion text (arXiv
1509.05936): smooth random rates, where STDP by pairs of spikes meets the sum of S_i dV_j/dt.

Neither text that we have gives parameters, so every number here is a choice of ours. Nothing
trains: `StdpWindow` and `StdpRates` take no more than the seed of the run that they examine.
"""

import csv
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d

from apical.errors import UsageError
from apical.reproduce.examination import Examination
from apical.runs.folder import RunFolder

WIDEST = 22
"""Steps between two spikes up to which they are a pair, as on the figure's axis."""
TIMINGS = np.concatenate([np.arange(-WIDEST, 0), np.arange(1, WIDEST + 1)])
"""The bins: each is a step wide and centred on a whole number; spikes less than half a step apart
have no order and are left out. The rule takes its change before them (below) and after (above 0).
"""
GAP = 1.0
"""V_j lies below threshold by up to so much at the presynaptic spike: the unit of potential."""
SLOPES = (GAP / 1000, 2 * GAP)
"""Potential a step. Slopes are drawn with uniform logarithms, which prefers none of them, and from
so wide a range that its ends cut nothing off: the steepest that meets the first bin is 2 gaps a
step, and in the last bin the mean is 23 times the flattest."""
PAIRS = 2_000_000
STEEP = 10
"""Steps up to which the exponents are fitted. Beyond, the figure's points are a pixel high."""


class Potential(ABC):
    """How V_j moves around the presynaptic spike at t = 0, where its slope is given."""

    name: str

    @abstractmethod
    def timing(self, slope: np.ndarray, gap: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """When the postsynaptic spike nearest to t = 0 comes, in steps; infinite if none does.

        **Arguments:**

        - `slope`: dV_j/dt at t = 0, potential a step; not zero.
        - `gap`: how far V_j is below threshold at t = 0, of the same shape.
        """


@dataclass(frozen=True)
class Linear(Potential):
    """The paper's words: the slope is constant, and a spike is where V_j crosses the threshold.

    A rising potential crosses it later, at gap / slope; a falling one has crossed it before, at
    minus gap / |slope|. A gap uniform up to D has a mean |timing| of D / (2 |slope|): a hyperbola.
    """

    name = "linear"

    def timing(self, slope, gap, rng):
        return gap / slope


@dataclass(frozen=True)
class Noisy(Potential):
    """Linear, with white noise on the slope: spikes where a Brownian motion with drift crosses.

    The time of the first crossing is of the inverse Gaussian law. Against the drift, it crosses at
    all with probability exp(-2 |slope| gap / sigma^2), and then as fast.
    """

    name = "noisy"
    sigma: float = 0.1 * GAP
    """Standard deviation of the noise that a step adds."""

    def timing(self, slope, gap, rng):
        drift, shape = np.abs(slope), (gap / self.sigma) ** 2
        along = rng.wald(gap / drift, shape)
        crosses = rng.random(gap.shape) < np.exp(-2 * drift * gap / self.sigma**2)
        against = np.where(crosses, rng.wald(gap / drift, shape), np.inf)
        after = np.where(slope > 0, along, against)
        before = np.where(slope > 0, against, along)
        return np.where(after < before, after, -before)


@dataclass(frozen=True)
class Leaky(Potential):
    """Linear, with a leak: V_j nears a steady state, V_j(t) = V_j(0) + slope tau (1 - e^(-t/tau)).

    It slows down, so that a rising potential crosses later than a ramp, or never.
    """

    name = "leaky"
    tau: float = 20.0
    """Steps."""

    def timing(self, slope, gap, rng):
        part = gap / (slope * self.tau)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(part < 1, -self.tau * np.log1p(-part), np.inf)


@dataclass(frozen=True)
class FromRest(Potential):
    """Linear before the presynaptic spike; after it, a rise from rest with spikes by chance.

    The postsynaptic unit spikes at a rate `rate` times how far it has risen: at t with probability
    density rate slope t exp(-rate slope t^2 / 2). The mean timing is sqrt(pi / (2 rate slope)), so
    that the change falls as one over the timing squared.
    """

    name = "from-rest"
    rate: float = 2.5 / GAP
    """Spikes a step and potential: the one number here that is fitted to the figure. It makes the
    two branches as high beside each other as they are there."""

    def timing(self, slope, gap, rng):
        waited = rng.exponential(size=gap.shape)
        return np.where(slope > 0, np.sqrt(2 * waited / (self.rate * np.abs(slope))), gap / slope)


POTENTIALS: tuple[Potential, ...] = (Linear(), Noisy(), Leaky(), FromRest())
"""The first is the paper's. The others are ours: they ask what makes the figure's branch after the
presynaptic spike fall faster than the one before. No law of slopes or gaps that is the same for
both signs can, nor can noise: played backwards, such a simulation is itself with the slopes'
signs changed, so that its branches mirror each other. A leak steepens the other branch."""


class Window(NamedTuple):
    """Mean changes by timing."""

    changes: np.ndarray
    """The mean of dV_j/dt in each bin of `TIMINGS`; nan in an empty bin."""
    counts: np.ndarray
    """The pairs in each bin."""


def window(potential: Potential, *, seed: int, pairs: int = PAIRS) -> Window:
    """Simulate presynaptic spikes at t = 0, each with a postsynaptic one: changes by timing.

    **Arguments:**

    - `potential`: how V_j moves.
    - `pairs`: how many slopes and gaps are drawn; some of their spikes are too far apart.

    !!! example

        >>> changes = window(Linear(), seed=0, pairs=10_000).changes
        >>> bool(changes[TIMINGS == 1] > 0), bool(changes[TIMINGS == -1] < 0)
        (True, True)
    """
    rng = np.random.default_rng(seed)
    flattest, steepest = np.log(SLOPES)
    steepness = np.exp(rng.uniform(flattest, steepest, pairs))
    slope = np.where(rng.random(pairs) < 0.5, steepness, -steepness)
    return binned(potential.timing(slope, rng.uniform(0, GAP, pairs), rng), slope)


def binned(timing: np.ndarray, slope: np.ndarray) -> Window:
    """The mean slope by timing, of pairs of spikes at most `WIDEST` steps apart.

    !!! example

        >>> found = binned(np.array([0.8, 1.4, -2.2, 0.3, 50.0]), np.array([4.0, 2.0, -1, 9, 9]))
        >>> found.changes[TIMINGS == 1], found.counts[TIMINGS == -2]
        (array([3.]), array([1]))
    """
    bins = np.rint(np.clip(timing, -WIDEST - 1, WIDEST + 1)).astype(int)
    kept = (bins != 0) & (np.abs(bins) <= WIDEST)
    bins, slope = bins[kept], slope[kept]
    places = np.searchsorted(TIMINGS, bins)
    counts = np.bincount(places, minlength=len(TIMINGS))
    with np.errstate(invalid="ignore"):
        changes = np.bincount(places, slope, minlength=len(TIMINGS)) / counts
    return Window(changes, counts)


def figure_1() -> np.ndarray:
    """Timings and changes of the paper's Figure 1, shape (points, 2), read off its image.

    The figure has two points at a timing of 3.

    !!! example

        >>> figure_1()[0].tolist()
        [-22.0, -0.0013]
    """
    with (Path(__file__).parent / "stdp-figure-1.csv").open() as file:
        rows = list(csv.DictReader(file))
    return np.array([[float(row["timing"]), float(row["change"])] for row in rows])


def measures(found: Window) -> dict[str, float]:
    """What a window says, as numbers.

    `bins_agree` is the share of bins in which the change has the timing's sign. `falls_*` is 1
    where |dW| falls from each bin to the next further one. `hyperbola` is the constant c of
    |dW| = c / |dT|, its geometric mean over the bins; `hyperbola_spread` the standard deviation of
    log(|dW| |dT|), `hyperbola_r2` the share of the variance of log |dW| that is explained.
    `exponent_*` is p of |dW| ~ |dT|^p up to `STEEP` steps.
    """
    size, distance = np.abs(found.changes), np.abs(TIMINGS)
    after = TIMINGS > 0
    products = np.log(size * distance)
    return {
        "bins_agree": float(np.mean(found.changes * TIMINGS > 0)),
        "falls_before": float(np.all(np.diff(size[~after]) > 0)),
        "falls_after": float(np.all(np.diff(size[after]) < 0)),
        "hyperbola": float(np.exp(products.mean())),
        "hyperbola_spread": float(products.std()),
        "hyperbola_r2": float(1 - products.var() / np.log(size).var()),
        **exponents(TIMINGS, found.changes),
    }


def exponents(timing: np.ndarray, change: np.ndarray) -> dict[str, float]:
    """p of |change| ~ |timing|^p, by least squares of logarithms, up to `STEEP` steps, by side.

    !!! example

        >>> t = np.array([-4.0, -2.0, 2.0, 4.0])
        >>> {side: round(p, 3) for side, p in exponents(t, 1 / t).items()}
        {'exponent_before': -1.0, 'exponent_after': -1.0}
    """
    near = np.abs(timing) <= STEEP
    x, y = np.log(np.abs(timing)), np.log(np.abs(change))
    return {
        f"exponent_{side}": float(np.polyfit(x[near & chosen], y[near & chosen], 1)[0])
        for side, chosen in _sides(timing)
    }


def _sides(timing: np.ndarray) -> list[tuple[str, np.ndarray]]:
    return [("before", timing < 0), ("after", timing > 0)]


@dataclass(frozen=True)
class StdpWindow(Examination):
    """`measures` of a window, with its `changes` by timing, for the seed of a run.

    Nothing else of the run matters. The result is in `stdp-<potential>.json`.
    """

    potential: Potential = Linear()
    pairs: int = PAIRS

    @property
    def name(self):
        return f"stdp-{self.potential.name}"

    def examine(self, run, root):
        found = window(self.potential, seed=RunFolder(run).config()["seed"], pairs=self.pairs)
        return {
            **measures(found),
            "timings": TIMINGS.tolist(),
            "changes": found.changes.tolist(),
        }


@dataclass(frozen=True)
class Pairs:
    """Pairs of units whose rates vary smoothly at random; a step is thought of as 1 ms.

    A rate is `highest` times the sigmoid of twice a Gaussian process, white noise smoothed over
    `smooth` steps and brought to unit variance. In each step a unit spikes with a probability that
    is its rate. V_j is the rate of j, so that dV_j/dt is its change a step.

    **Raises:** `UsageError` where the steps are not three windows or more.
    """

    pairs: int = 100
    steps: int = 2000
    highest: float = 0.05
    """Spikes a step: 50 Hz."""
    smooth: float = 100.0
    tau: float = 20.0
    """Steps in which STDP forgets: a pair of spikes |dT| steps apart counts e^(-|dT|/tau)."""
    window: int = 200
    """Steps over which a weight's changes are summed before they are compared."""
    draws: tuple[int, ...] = (1, 3, 10, 30, 100)
    """Over how many draws of spikes, at the same rates, both are averaged."""

    def __post_init__(self):
        if self.steps % self.window or self.steps < 3 * self.window:
            raise UsageError(
                f"Pairs: steps must be three windows or more, found {self.steps} steps with a "
                f"window of {self.window}; the first and the last are left out"
            )

    def rates(self, rng: np.random.Generator) -> np.ndarray:
        """One unit's rate in each pair, shape (pairs, steps)."""
        margin = int(4 * self.smooth)
        noise = rng.normal(size=(self.pairs, self.steps + 2 * margin))
        smooth = gaussian_filter1d(noise, self.smooth, axis=1)[:, margin : margin + self.steps]
        unit = smooth * np.sqrt(2 * np.sqrt(np.pi) * self.smooth)
        return self.highest / (1 + np.exp(-2 * unit))

    def summed(self, changes: np.ndarray) -> np.ndarray:
        """Sums over the windows but the first and last, of whose spikes some lack a neighbour.

        One pair after the other; shape (pairs x windows,).
        """
        parts = changes.reshape(len(changes), -1, self.window).sum(axis=2)
        return parts[:, 1:-1].ravel()


def stdp(post: np.ndarray, tau: float) -> np.ndarray:
    """What a presynaptic spike in each step would change by STDP with nearest neighbours.

    e^(-T/tau) for the first postsynaptic spike after it, T steps away, less the same for the last
    one before it. Spikes in one step are no pair.

    **Arguments:**

    - `post`: whether the postsynaptic unit spikes, shape (pairs, steps).

    !!! example

        >>> post = np.array([[False, True, False, False]])
        >>> np.log(np.abs(stdp(post, 1.0)[:, [0, 2, 3]]))
        array([[-1., -1., -2.]])
    """
    return _since(post[:, ::-1], tau)[:, ::-1] - _since(post, tau)


def _since(post: np.ndarray, tau: float) -> np.ndarray:
    """e^(-T/tau) for the last spike before each step, T steps away; 0 where there is none."""
    steps = np.arange(post.shape[1])
    spiked = np.maximum.accumulate(np.where(post, steps, -np.inf), axis=1)
    last = np.concatenate([np.full((len(post), 1), -np.inf), spiked[:, :-1]], axis=1)
    return np.exp((last - steps) / tau)


def expected_stdp(rates: np.ndarray, tau: float) -> np.ndarray:
    """The mean of `stdp` over all spikes that a unit of these rates may draw, exactly.

    **Arguments:**

    - `rates`: probabilities of a spike, shape (pairs, steps).

    !!! example

        >>> expected_stdp(np.array([[0.0, 1.0, 0.0]]), 1.0)[0, [0, 2]].round(3)
        array([ 0.368, -0.368])
    """
    return _expected_since(rates[:, ::-1], tau)[:, ::-1] - _expected_since(rates, tau)


def _expected_since(rates: np.ndarray, tau: float) -> np.ndarray:
    kept, found = np.exp(-1 / tau), np.zeros_like(rates)
    for t in range(1, rates.shape[1]):
        spikes = rates[:, t - 1]
        found[:, t] = kept * (spikes + (1 - spikes) * found[:, t - 1])
    return found


def gain(rates: np.ndarray, tau: float) -> np.ndarray:
    """What `expected_stdp` is beside the slope of the rate, where the rate changes slowly.

    2 q (1 - q) / (1 - q (1 - r))^3 with q = e^(-1/tau): the higher the rate r, the nearer the
    nearest neighbour, and the less the slope matters. At low rates it is 2 q / (1 - q)^2, about
    2 tau^2. As it depends on r alone, nearest-neighbour STDP is on average S_i times the temporal
    derivative of a function of j's rate, which saturates: -(1 - q) / (1 - q (1 - r))^2.

    !!! example

        >>> gain(np.array([0.0, 0.05]), 20.0).round()
        array([800., 104.])
    """
    q = np.exp(-1 / tau)
    return 2 * q * (1 - q) / (1 - q * (1 - rates)) ** 3


def random_rates(asked: Pairs, *, seed: int) -> dict[str, Any]:
    """Compare STDP by nearest neighbours with S_i dV_j/dt, both summed over windows.

    Over all draws of spikes that there could be at the same rates: `correlation_exact`,
    `agree_exact`, the share of windows of equal sign, and `correlation_saturating`, with S_i
    dV_j/dt times `gain`. `slope` is the least-squares factor from S_i dV_j/dt to the exact mean of
    STDP. Lists for figures: `correlations` and `agreements` of the means of so many `draws`; of
    the first windows `derivative` and `stdp`, means of all draws.

    **Arguments:**

    - `asked`: the rates and the rule of STDP.

    !!! example

        >>> found = random_rates(Pairs(pairs=20, draws=(1, 10)), seed=0)
        >>> found["correlation_saturating"] > found["correlation_exact"] > 0.9
        True
    """
    rng = np.random.default_rng(seed)
    pre, post = asked.rates(rng), asked.rates(rng)
    slope = np.gradient(post, axis=1)
    sums = np.zeros((2, len(asked.summed(slope))))
    correlations, agreements = [], []
    for draw in range(1, max(asked.draws) + 1):
        S_i, S_j = rng.random(pre.shape) < pre, rng.random(post.shape) < post
        sums += asked.summed(S_i * slope), asked.summed(S_i * stdp(S_j, asked.tau))
        if draw in asked.draws:
            correlations.append(float(np.corrcoef(*sums)[0, 1]))
            agreements.append(_agree(*sums))
    derivative = asked.summed(pre * slope)
    saturating = asked.summed(pre * gain(post, asked.tau) * slope)
    exact = asked.summed(pre * expected_stdp(post, asked.tau))
    shown = 300
    return {
        "correlation_exact": float(np.corrcoef(derivative, exact)[0, 1]),
        "agree_exact": _agree(derivative, exact),
        "correlation_saturating": float(np.corrcoef(saturating, exact)[0, 1]),
        "slope": float(derivative @ exact / (derivative @ derivative)),
        "pairs": asked.pairs,
        "steps": asked.steps,
        "window": asked.window,
        "draws": list(asked.draws),
        "correlations": correlations,
        "agreements": agreements,
        "derivative": (sums[0, :shown] / max(asked.draws)).round(6).tolist(),
        "stdp": (sums[1, :shown] / max(asked.draws)).round(4).tolist(),
    }


def _agree(a: np.ndarray, b: np.ndarray) -> float:
    """The share of equal signs; windows without a presynaptic spike, where both are 0, apart."""
    some = (a != 0) | (b != 0)
    return float(np.mean((a * b > 0)[some]))


@dataclass(frozen=True)
class StdpRates(Examination):
    """`random_rates` for the seed of a run, of which nothing else matters; `stdp-rates.json`."""

    asked: Pairs = Pairs()

    @property
    def name(self):
        return "stdp-rates"

    def examine(self, run, root):
        return random_rates(self.asked, seed=RunFolder(run).config()["seed"])


STDP: tuple[Examination, ...] = (*(StdpWindow(p) for p in POTENTIALS), StdpRates())
"""All that the paper's README says of STDP."""
