"""Ghost units, model MB: a few ghosts that learn within each example to cancel the feedback."""

from dataclasses import replace

from apical.errors import UsageError
from apical.networks.initialisers import Initialiser, Uniform
from apical.networks.network import Network
from apical.rules.ghost.circuit import Plasticity
from apical.rules.ghost.ma import PAPER
from apical.rules.ghost.rule import Ghost, Learning
from apical.rules.rule import Batch


class GhostMB(Ghost):
    """Ghost units, model MB: a few ghosts, which learn within each example to cancel the feedback.

    dG_k/dt = eta_g (F_k r_{k+1} - G_k s_k) s_k^T in each example's free phase; P is fixed. Main
    weights change once, at the end of the weakly clamped phase:
    dW_k = eta_k [rho(u_k) - rho(W_k r_{k-1})] r_{k-1}^T. One example is shown at a time; units and
    G go on from where the last one left them.

    Whatever P is, the error e_k vanishes by the end of a free phase that is long enough (eta_g
    |s_k|^2, summed over its time, must be large). With one hidden layer and transpose feedback, the
    error of the clamped phase then tends to -beta (I - M)^-1 dC/dr_1 as beta -> 0, where M is small
    as long as the weights are (papers/ghost_units/README.md). With more hidden layers, their errors
    depend on each other.

    Source: Mesnard et al. 2019, section 3.2, table 4; how rates enter is reconstructed.
    """

    name = "ghost-mb"
    recipe = replace(PAPER, init=Uniform(0.05), batch_size=1, epochs=50)
    dt: float = 0.005
    free_steps: int = 100
    clamped_steps: int = 40
    beta: float = 0.1
    main_rates: tuple[float, ...] = (4.0, 0.04)
    ghost_rate: float = 20.0
    lateral: Initialiser = Uniform(0.05)
    carry: bool = True
    per_layer: tuple[int, ...] = (5,)
    """Ghosts in each hidden layer, or one number for all."""

    def __check_init__(self):
        for count in self.per_layer:
            if count < 1:
                raise UsageError(f"per_layer: every layer needs a ghost at least, got {count}")

    def ghosts(self, net: Network, batch: Batch) -> tuple[int, ...]:
        if len(batch.x) != 1:
            raise UsageError(
                f"ghost-mb: its fast weights fit one example at a time, got batches of "
                f"{len(batch.x)}; use batch_size 1"
            )
        hidden, given = len(net.layers) - 1, self.per_layer
        if len(given) not in (1, hidden):
            raise UsageError(
                f"per_layer: the network has {hidden} hidden layers, got {len(given)} numbers of "
                f"ghosts; give one number, or {hidden}"
            )
        return given * hidden if len(given) == 1 else given

    def learning(self, net: Network) -> Learning:
        still = (0.0,) * len(net.layers)
        return Learning(
            Plasticity(still, 0.0, self.dt * self.ghost_rate),
            Plasticity(still, 0.0, 0.0),
            self.rates_of_layers(net),
        )
