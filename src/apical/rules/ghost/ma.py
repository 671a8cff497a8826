"""Ghost units, model MA: a ghost for every unit above, taught between the nudges."""

from dataclasses import replace

from apical.errors import UsageError
from apical.networks.initialisers import Uniform
from apical.networks.losses import SquaredError
from apical.rules.ghost.circuit import Plasticity
from apical.rules.ghost.rule import Ghost, Plan
from apical.settings import Settings

PAPER = Settings(
    hidden=(500,),
    activation="sigmoid",
    output="sigmoid",
    loss=SquaredError(),
    init=Uniform(0.2),
    bias=False,
    optimizer="sgd",
    lr=1.0,
    epochs=200,
)


class GhostMA(Ghost):
    """dW_k = eta_k [rho(u_k) - rho(W_k r_{k-1})] r_{k-1}^T throughout the weakly clamped phase.

    In the free phase the ghosts learn to imitate the units above,
    dP_k = eta_g (u_{k+1} - v_k) r_k^T, and to cancel their feedback, dG_k = eta_g e_k s_k^T.
    Each Euler step adds dt times these, summed over the minibatch. Then e_k tends to
    -beta dC/dr_k as beta -> 0.

    Source: Mesnard et al. 2019, section 3.1, tables 2 and 3; how rates enter is reconstructed.
    """

    name = "ghost-ma"
    recipe = PAPER

    def ghosts(self, net, batch):
        return one_for_each_above(net)

    def plan(self, net):
        lateral = self.dt * self.ghost_rate
        still = (0.0,) * len(net.layers)
        main = tuple(self.dt * eta for eta in self.rates_of_layers(net))
        return Plan(Plasticity(still, lateral, lateral), Plasticity(main, 0.0, 0.0), still)


def one_for_each_above(net):
    """As many ghosts in a layer as there are units in the next."""
    return tuple(layer.out_shape[0] for layer in net.layers[1:])


class GhostMAPrime(Ghost):
    """The changes of `GhostMA`, all of them in both phases.

    dW_k = eta_k clip([rho(u_k) - rho(W_k r_{k-1})] r_{k-1}^T), dP_k = eta_g (u_{k+1} - v_k) r_k^T,
    dG_k = eta_g e_k s_k^T; each Euler step adds dt times these, summed over the minibatch. `clip`
    bounds every element of a main weight's summed change, because learning may diverge at its
    beginning.

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

    def ghosts(self, net, batch):
        return one_for_each_above(net)

    def plan(self, net):
        lateral = self.dt * self.ghost_rate
        main = tuple(self.dt * eta for eta in self.rates_of_layers(net))
        always = Plasticity(main, lateral, lateral, self.clip)
        return Plan(always, always, (0.0,) * len(main))
