"""Ghost units, models MA and MA': a ghost for every unit above."""

import math
from dataclasses import replace

from apical.errors import UsageError
from apical.networks.activations import sigmoid
from apical.networks.initialisers import Uniform
from apical.networks.layers import Fc
from apical.networks.losses import SquaredError
from apical.networks.network import Network
from apical.rules.ghost.circuit import Plasticity
from apical.rules.ghost.rule import Ghost, Learning
from apical.rules.rule import Batch
from apical.settings import Settings

PAPER = Settings(
    hidden=(Fc(500),),
    activation=sigmoid,
    output=sigmoid,
    loss=SquaredError(),
    init=Uniform(0.2),
    bias=False,
    optimizer="sgd",
    lr=1.0,
    epochs=200,
)


class GhostMA(Ghost):
    """Ghost units, model MA: a ghost for every unit above, taught in the free phase.

    In the free phase the ghosts learn to imitate the units above,
    dP_k = eta_g (u_{k+1} - v_k) r_k^T, and to cancel their feedback, dG_k = eta_g e_k s_k^T.
    Throughout the weakly clamped phase the main weights learn,
    dW_k = eta_k [rho(u_k) - rho(W_k r_{k-1})] r_{k-1}^T. Each Euler step adds dt times these,
    summed over the minibatch. Once the ghosts cancel the feedback, e_k tends to -beta dC/dr_k as
    beta -> 0.

    Source: Mesnard et al. 2019, section 3.1, tables 2 and 3; how rates enter is reconstructed.
    """

    name = "ghost-ma"
    recipe = PAPER

    def ghosts(self, net: Network, batch: Batch) -> tuple[int, ...]:
        return one_for_each_above(net)

    def learning(self, net: Network) -> Learning:
        main, lateral, still = per_step(self, net)
        return Learning(Plasticity(still, lateral, lateral), Plasticity(main, 0.0, 0.0), still)


class GhostMAPrime(Ghost):
    """Ghost units, model MA': as MA, but every weight learns in both phases.

    dW_k = eta_k clip([rho(u_k) - rho(W_k r_{k-1})] r_{k-1}^T), dP_k = eta_g (u_{k+1} - v_k) r_k^T,
    dG_k = eta_g e_k s_k^T. Each Euler step adds dt times these, summed over the minibatch. Learning
    may diverge at its beginning; `clip` therefore bounds every element of a main weight's summed
    change.

    Source: Mesnard et al. 2019, section 3.1, table 3; which update is clipped is reconstructed.
    """

    name = "ghost-ma-prime"
    recipe = replace(PAPER, epochs=100)
    beta: float = 0.2
    main_rates: tuple[float, ...] = (0.2,)
    ghost_rate: float = 0.03
    clip: float = 2.0
    """Bound on the size of every element of a change of main weights; inf: none."""

    def __check_init__(self):
        if not self.clip > 0:
            raise UsageError(f"clip: must be positive, got {self.clip:g}; inf clips nothing")
        if math.isfinite(self.clip) and self.stepping.length > 1:
            raise UsageError(
                f"clip: bounds the change of every Euler step ({self.clip:g}), and strides take "
                "none; use stepping euler or clip inf"
            )

    def ghosts(self, net: Network, batch: Batch) -> tuple[int, ...]:
        return one_for_each_above(net)

    def learning(self, net: Network) -> Learning:
        main, lateral, still = per_step(self, net)
        always = Plasticity(main, lateral, lateral, self.clip)
        return Learning(always, always, still)


def one_for_each_above(net: Network) -> tuple[int, ...]:
    """As many ghosts in a layer as there are units in the next."""
    return tuple(layer.out_shape[0] for layer in net.layers[1:])


def per_step(rule: Ghost, net: Network) -> tuple[tuple[float, ...], float, tuple[float, ...]]:
    """Rates per Euler step: of each layer's main weights, of lateral weights, and none at all."""
    main = tuple(rule.dt * eta for eta in rule.rates_of_layers(net))
    return main, rule.dt * rule.ghost_rate, (0.0,) * len(main)
