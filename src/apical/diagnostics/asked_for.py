"""The measurements that a run was asked for, of the update that its rule gives on the probe."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
from jaxtyping import PRNGKeyArray

from apical.diagnostics.alignment import over_probe
from apical.measurements import Measurement
from apical.networks.network import Network
from apical.rules import Batch, Rule, State


@partial(jax.jit, static_argnames=("rule", "asked"))
def measured(
    net: Network,
    state: State,
    probe: Batch,
    key: PRNGKeyArray,
    *,
    rule: Rule,
    asked: tuple[Measurement, ...],
) -> Mapping[str, Any]:
    """What each measurement finds, by the name that it is recorded under.

    The rule's update is the mean over the probe's batches. Measurements see all of
    the probe's examples together.

    **Arguments:**

    - `net`, `state`: the network, and what the rule owns beside it.
    - `probe`: several batches; its arrays are (batches, batch size, ...).
    - `key`: for rules and units that draw random numbers.

    !!! example

        >>> import apical
        >>> import jax.numpy as jnp
        >>> from apical.measurements import Saturation
        >>> data = apical.load("digits")
        >>> model = apical.fit(apical.BP(), data, hidden=(8,), epochs=1).models[0]
        >>> x, y = model.transform(data.test.x[:20]), jax.nn.one_hot(data.test.y[:20], 10)
        >>> probe = jax.tree.map(lambda leaf: leaf[None], Batch(x, y))  # one batch
        >>> rest = (model.network, model.state, probe, jax.random.key(0))
        >>> found = measured(*rest, rule=apical.BP(), asked=(Saturation(),))
        >>> [name for name in found["saturation"]]
        ['share']
    """
    update, _ = over_probe(rule, net, state, probe, key)
    together = jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), probe)
    drawn = net.drawn(key)
    return {each.recorded: dict(each(drawn, together.x, together.y, update)) for each in asked}
