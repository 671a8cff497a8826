"""The base of target propagation: local losses towards targets, and learned inverses."""

from abc import abstractmethod
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from apical.errors import UsageError, positive
from apical.networks.layers import Fc
from apical.networks.network import Network, Record
from apical.rules.rule import Batch, Credit, Rule, State
from apical.rules.target_propagation.inverses import Activity, InverseLoss, LocalLoss, Map, learn
from apical.settings import Settings
from apical.settings.turns import ByEpoch
from apical.values.ranges import ADAM, Linear, Space

BOTH_ADAMS: Space = {
    **ADAM,
    "learned_lr": ADAM["lr"],
    "learned_optimizer_args.b2": ADAM["optimizer_args.b2"],
    "learned_optimizer_args.eps": ADAM["optimizer_args.eps"],
    "inverse.sigma": Linear(0.01, 0.4),
}
"""`ADAM` for the network and for the inverses. Bartunov et al. search sigma up to 0.3 (table 4) and
report values up to 0.37 among the best, so the range here ends at 0.4."""


class TargetPropagation(Rule):
    """Every hidden layer learns towards a target for its own activity, the output layer the task.

    The loss of hidden layer l is c ||f_l(h_{l-1}) - ĥ_l||^2 with h_{l-1} and ĥ_l constant, so its
    teaching signal is sigma_l'(a_l) * 2 c (h_l - ĥ_l). The inverses g_l are learned beside it.

    Logged, relative to the size of the activities: how far targets are from activities
    (`target_distance_1`, ...) and how much the inverses miss (`inverse_error_2`, ...). Both are
    null for a silent layer.
    """

    recipe: ClassVar[Settings] = Settings(
        hidden=(Fc(256),) * 5, lr=3e-4, learned_lr=1e-3, alternate=ByEpoch()
    )
    space: ClassVar[Space] = BOTH_ADAMS
    local: eqx.AbstractVar[LocalLoss]
    """How the squares of a local loss are put together."""
    inverse: eqx.AbstractVar[InverseLoss]
    """What the inverses learn."""
    noise_halved_after: eqx.AbstractVar[float | None]
    """Epochs after which the inverses' noise is half of its sigma; None: it stays."""

    def __check_init__(self):
        positive(noise_halved_after=self.noise_halved_after)

    @property
    def first_epoch(self) -> Int[Array, ""] | None:
        """The `State.epoch` to begin with; None where the noise stays as it is."""
        return None if self.noise_halved_after is None else jnp.zeros((), jnp.int32)

    def noise(self, epoch: Int[Array, ""] | None) -> float | Float[Array, ""]:
        """The standard deviation of the inverses' noise when so many epochs are over; None: none.

        sigma / (1 + epoch / noise_halved_after), as Lee et al. 2015 have it.
        """
        if self.noise_halved_after is None or epoch is None:
            return self.inverse.sigma
        return self.inverse.sigma / (1 + epoch / self.noise_halved_after)

    @abstractmethod
    def targets(
        self, net: Network, state: State, record: Record, batch: Batch
    ) -> tuple[Activity, ...]:
        """ĥ_l of the hidden layers, from the input up: (batch, *out_shape) each."""

    @abstractmethod
    def inverted(self, net: Network, state: State) -> tuple[Map, ...]:
        """The maps that `State.learned` are the inverses of: f_2 and those above."""

    def credit(self, net: Network, state: State, batch: Batch, key: PRNGKeyArray) -> Credit:
        record = net.record(batch.x)
        hidden = record.activities[1:-1]
        targets = self.targets(net, state, record, batch)
        signals = tuple(
            layer.modulate(a, self.local.error(h, target))
            for layer, a, h, target in zip(
                net.layers, record.preactivations, hidden, targets, strict=False
            )
        )
        signals = (*signals, net.error(record, batch.y))
        maps = self.inverted(net, state)
        keys = jax.random.split(key, len(maps))
        noise = self.noise(state.epoch)
        learned, scalars = [], {}
        for l, (h, target) in enumerate(zip(hidden, targets, strict=True), 1):
            scalars[f"target_distance_{l}"] = jnp.sqrt(jnp.mean((target - h) ** 2) / jnp.mean(h**2))
        for l, (g, f, h, k) in enumerate(zip(state.learned, maps, hidden, keys, strict=False), 2):
            learned.append(learn(g, f, h, self.inverse, self.local, k, noise))
            scalars[f"inverse_error_{l}"] = jnp.mean((g(f(h)) - h) ** 2) / jnp.mean(h**2)
        return Credit(
            net.gradients(record, signals),
            signals,
            kept=state.kept,
            learned=tuple(learned),
            scalars=scalars,
        )


def needs_hidden_layers(name: str, net: Network) -> None:
    """Raises `UsageError` for a network without a hidden layer."""
    if len(net.layers) < 2:
        raise UsageError(
            f"{name}: gives targets to hidden layers, the network has none; give it some, as in "
            "hidden 256"
        )
