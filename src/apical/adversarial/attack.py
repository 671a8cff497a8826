"""What an attack is: a way up an objective, within eps of the clean inputs."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from apical.adversarial.threat_model import project
from apical.adversarial.victim import Victim
from apical.errors import ApicalError
from apical.networks.network import Network, Record
from apical.networks.targets import encode
from apical.values.spelling import spell
from apical.values.value import Value

Rise = Callable[[Float[Array, "batch ..."]], Float[Array, " batch"]]
"""The objective of each example at points of the unit cube."""


class Attack(Value):
    """A way to perturbed inputs. What it proposes is clipped and tested by `attempt.attempt`."""

    @abstractmethod
    def propose(
        self, rise: Rise, u: Array, eps: Float[Array, ""], key: PRNGKeyArray
    ) -> Float[Array, "batch ..."]:
        """Points near the clean ones `u`, wherever the attack thinks `rise` is high."""


class GradientAttack(Attack):
    """An attack that follows slopes, which is what may be asked for."""

    @property
    @abstractmethod
    def iterates(self) -> bool:
        """Whether it looks at the slope more than once."""


class Objective(Value):
    """Higher where the network is further from the right label."""

    @abstractmethod
    def __call__(
        self, net: Network, record: Record, labels: Int[Array, " batch"]
    ) -> Float[Array, " batch"]: ...


class OwnLoss(Objective):
    """The loss the network is evaluated by, which FGSM and PGD were published with."""

    def __call__(self, net, record, labels):
        return net.losses(record, encode(labels, net.units))


class Margin(Objective):
    """max over wrong classes of a_c, less a_y: the preactivations' margin, which never saturates.

    With a single output unit a, the margin is -a for label 1 and a for label 0.
    """

    def __call__(self, net, record, labels):
        a = record.preactivations[-1]
        if net.units == 1:
            return a[:, 0] * (1 - 2 * labels)
        right = jax.nn.one_hot(labels, net.units, dtype=bool)
        wrong = jnp.max(jnp.where(right, -jnp.inf, a), axis=-1)
        return wrong - jnp.max(jnp.where(right, a, -jnp.inf), axis=-1)


CHUNK = 500
ROUNDING = 1e-6


@dataclass(frozen=True)
class Attempt:
    """What became of every example: its perturbed input, and whether it is still taken right."""

    u: np.ndarray
    """Points of the unit cube, (examples, *shape)."""
    labels: np.ndarray
    """What the victim takes them for."""
    right: np.ndarray
    """Whether that is the true label."""


def attempt(
    victim: Victim,
    u: np.ndarray,
    labels: np.ndarray,
    *,
    attack: Attack,
    objective: Objective,
    eps: float,
    key: PRNGKeyArray,
    guide: Victim | None = None,
) -> Attempt:
    """Attack every clean example that `victim` takes right; the others stay as they are.

    `guide` is the network whose slopes lead the attack, the victim itself if none is given: a twin
    for transfer, a softened one where the victim's slopes vanish. The outcome is always the
    victim's own answer to the clipped input.
    """
    found = []
    for begin in range(0, len(labels), CHUNK):
        rows = slice(begin, begin + CHUNK)
        key, now = jax.random.split(key)
        missing = CHUNK - len(labels[rows])
        padded = np.pad(u[rows], [(0, missing)] + [(0, 0)] * (u.ndim - 1))
        tried = _chunk(
            victim, victim if guide is None else guide, padded,
            np.pad(labels[rows], (0, missing)), jnp.asarray(eps, u.dtype), now, attack, objective,
        )  # fmt: skip
        found.append([np.asarray(a)[: CHUNK - missing] for a in tried])
    perturbed, given = (np.concatenate(parts) for parts in zip(*found, strict=True))
    if not (
        np.isfinite(perturbed).all()
        and np.abs(perturbed - u).max() <= eps + ROUNDING
        and 0 <= perturbed.min() <= perturbed.max() <= 1
    ):
        raise ApicalError(
            f"{spell(attack)}: expected finite inputs within {eps:g} of the clean ones, got "
            "others; the network's slopes are not finite: train again with a lower lr"
        )
    return Attempt(perturbed, given, given == labels)


@partial(jax.jit, static_argnames=("attack", "objective"))
def _chunk(
    victim: Victim,
    guide: Victim,
    u: Array,
    labels: Int[Array, " batch"],
    eps: Float[Array, ""],
    key: PRNGKeyArray,
    attack: Attack,
    objective: Objective,
) -> tuple[Array, Array]:
    def rise(v):
        return objective(guide.net, guide.record(v), labels)

    proposed = project(attack.propose(rise, u, eps, key), u, eps)
    right = (victim.labels(u) == labels).reshape(-1, *(1,) * (u.ndim - 1))
    perturbed = jnp.where(right, proposed, u)
    return perturbed, victim.labels(perturbed)
