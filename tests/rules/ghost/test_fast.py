"""The circuit's fast twin against the plain loop."""

import numpy as np
import pytest

from apical.rules.ghost.circuit import Phase, Plasticity
from apical.testing import laws
from tests.rules.ghost.circuits import circuit, resting, run, settle, transposed

pytestmark = pytest.mark.usefixtures("float64")


@pytest.mark.parametrize("hidden", [1, 3])
@pytest.mark.parametrize("feedback", ["transposed", "fixed"])
@pytest.mark.parametrize(
    ("main", "to_ghosts", "from_ghosts", "clip"),
    [
        (0.0, 0.03, 0.02, np.inf),
        (0.04, 0.0, 0.0, np.inf),
        (0.0, 0.0, 0.05, np.inf),
        (0.0, 0.0, 0.0, np.inf),
        (0.04, 0.03, 0.02, np.inf),
        (0.04, 0.03, 0.02, 0.05),
    ],
    ids=["ma-free", "ma-clamped", "mb-free", "mb-clamped", "ma-prime", "clipped"],
)
def test_the_fast_twin_is_the_plain_loop(hidden, feedback, main, to_ghosts, from_ghosts, clip):
    weights, x, y = circuit(hidden, perfect=False)
    fixed = transposed(circuit(hidden, seed=5)[0].main)
    phase = Phase(x, y, 0.6, transposed if feedback == "transposed" else lambda _: fixed)
    plasticity = Plasticity((main,) * (hidden + 1), to_ghosts, from_ghosts, clip)
    plain = settle(weights, phase, plasticity, steps=40, rate=0.2)
    fast = run(resting(x, weights), weights, phase, plasticity, 0.2, 40)
    laws.assert_close(fast, plain, rtol=1e-8)


@pytest.mark.parametrize("main", [0.04, 0.0])
def test_the_fast_twin_of_one_example_is_the_plain_loop(main):
    weights, x, y = circuit(1, perfect=False, examples=1)
    phase = Phase(x, y, 0.6, transposed)
    plasticity = Plasticity((main, main), 0.03, 0.02)
    plain = settle(weights, phase, plasticity, steps=40, rate=0.2)
    fast = run(resting(x, weights), weights, phase, plasticity, 0.2, 40)
    laws.assert_close(fast, plain, rtol=1e-8)


def test_the_fast_twin_clips_whichever_main_weights_learn():
    weights, x, y = circuit(1)
    phase = Phase(x, y, 5.0, transposed)
    upper = Plasticity((0.0, 1.0), 0.0, 0.0, 0.01)
    fast = run(resting(x, weights), weights, phase, upper, 0.2, 5)
    laws.assert_close(fast, settle(weights, phase, upper, steps=5, rate=0.2))
