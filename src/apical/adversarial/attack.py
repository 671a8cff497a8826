"""An attack: a way to inputs that raise an objective, held within the threat model by `perturb`."""

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
from apical.networks.targets import class_logits, encode
from apical.values.spelling import spell
from apical.values.value import Value

CHUNK = 500
"""Examples that are attacked at once."""
ROUNDING = 1e-6
"""By how much rounding may carry an input beyond eps."""

ObjectiveAt = Callable[[Float[Array, "batch ..."]], Float[Array, " batch"]]
"""The objective of each example as a function of its perturbed input, a point of the unit cube."""


class Attack(Value):
    """Proposes perturbed inputs. `perturb` clips them and asks the network again."""

    @abstractmethod
    def propose(
        self, objective: ObjectiveAt, u: Array, eps: Float[Array, ""], key: PRNGKeyArray
    ) -> Float[Array, "batch ..."]:
        """Inputs near the clean ones `u` at which the attack expects the objective to be high."""


class GradientAttack(Attack):
    """An attack that follows the objective's gradient. A survey is asked for one of these."""

    @property
    @abstractmethod
    def iterates(self) -> bool:
        """Whether it takes the gradient more than once."""


class Objective(Value):
    """A number for each example that is higher the further the network is from the right label."""

    @abstractmethod
    def __call__(
        self, net: Network, record: Record, labels: Int[Array, " batch"]
    ) -> Float[Array, " batch"]: ...


class OwnLoss(Objective):
    """The loss the network was trained on, as FGSM and PGD were published."""

    def __call__(self, net, record, labels):
        return net.losses(record, encode(labels, net.units))


class Margin(Objective):
    """The margin of the logits, max over c != y of a_c, less a_y, which never saturates."""

    def __call__(self, net, record, labels):
        a = class_logits(record.preactivations[-1])
        right = jax.nn.one_hot(labels, a.shape[-1], dtype=bool)
        wrong = jnp.max(jnp.where(right, -jnp.inf, a), axis=-1)
        return wrong - jnp.max(jnp.where(right, a, -jnp.inf), axis=-1)


@dataclass(frozen=True)
class Attacked:
    """Every example after an attack."""

    u: np.ndarray
    """The perturbed inputs, points of the unit cube, (examples, *shape)."""
    labels: np.ndarray
    """The class that the victim names for each."""
    right: np.ndarray
    """Whether that is the true label."""


def perturb(
    victim: Victim,
    u: np.ndarray,
    labels: np.ndarray,
    *,
    attack: Attack,
    objective: Objective,
    eps: float,
    key: PRNGKeyArray,
    surrogate: Victim | None = None,
) -> Attacked:
    """Attack every clean example that `victim` classifies correctly; the others stay as they are.

    **Arguments:**

    - `u`: clean inputs as points of the unit cube, (examples, *shape); `labels`: their true labels.
    - `eps`: the largest change of a coordinate.
    - `surrogate`: the network whose gradient the attack follows; None: the victim itself. It is a
      twin for a transfer attack, and a softened victim where the victim's gradient vanishes. The
      outcome is always the victim's own answer to the clipped input.

    **Raises:** `ApicalError` if what the attack proposes is not finite.
    """
    found = []
    for begin in range(0, len(labels), CHUNK):
        rows = slice(begin, begin + CHUNK)
        key, now = jax.random.split(key)
        missing = CHUNK - len(labels[rows])
        padded = np.pad(u[rows], [(0, missing)] + [(0, 0)] * (u.ndim - 1))
        attacked = _chunk(
            victim, victim if surrogate is None else surrogate, padded,
            np.pad(labels[rows], (0, missing)), jnp.asarray(eps, u.dtype), now, attack, objective,
        )  # fmt: skip
        found.append([np.asarray(a)[: CHUNK - missing] for a in attacked])
    perturbed, given = (np.concatenate(parts) for parts in zip(*found, strict=True))
    if not (
        np.isfinite(perturbed).all()
        and np.abs(perturbed - u).max() <= eps + ROUNDING
        and 0 <= perturbed.min() <= perturbed.max() <= 1
    ):
        raise ApicalError(
            f"{spell(attack)}: expected finite inputs within {eps:g} of the clean ones, got "
            "others; the network's gradient is not finite: train again with a lower lr"
        )
    return Attacked(perturbed, given, given == labels)


@partial(jax.jit, static_argnames=("attack", "objective"))
def _chunk(
    victim: Victim,
    surrogate: Victim,
    u: Array,
    labels: Int[Array, " batch"],
    eps: Float[Array, ""],
    key: PRNGKeyArray,
    attack: Attack,
    objective: Objective,
) -> tuple[Array, Array]:
    def objective_at(v):
        return objective(surrogate.net, surrogate.record(v), labels)

    proposed = project(attack.propose(objective_at, u, eps, key), u, eps)
    right = (victim.labels(u) == labels).reshape(-1, *(1,) * (u.ndim - 1))
    perturbed = jnp.where(right, proposed, u)
    return perturbed, victim.labels(perturbed)
