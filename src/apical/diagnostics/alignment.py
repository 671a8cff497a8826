"""The alignment of a rule's updates and feedback weights with those of backpropagation.

It is computed outside the rules, from one BP reference on a fixed set of probe batches, so that
every rule is measured in the same way.
"""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from apical.networks.network import Network
from apical.rules import BP, Batch, Pathway, Rule, State


class Alignment(eqx.Module):
    """One number for each layer, from the input up; nan where a layer has none."""

    cosine: Float[Array, " layers"]
    """Cosine of the rule's pseudo-gradient with the loss's gradient."""
    norm_ratio: Float[Array, " layers"]
    """Norm of the rule's pseudo-gradient over that of the loss's gradient."""
    feedback_angle: Float[Array, " layers"]
    """Degrees between the feedback weights into a layer and the transposed forward weights."""
    sign_agreement: Float[Array, " layers"]
    """Fraction of the feedback weights that have the sign of the forward weight."""
    signal_error: Float[Array, " layers"]
    """Relative error of the teaching signals, sqrt(sum |s_l - d_l|^2 / sum |d_l|^2) over examples,
    with d_l = dL/da_l."""
    reached: tuple[bool, ...] = eqx.field(static=True)
    """Which layers feedback weights lead to; the others have no angle and no signs to agree."""


@partial(jax.jit, static_argnames="rule")
def alignment(
    net: Network, state: State, probe: Batch, key: PRNGKeyArray, *, rule: Rule
) -> Alignment:
    """Compare a rule with BP.

    The pseudo-gradients of both are averaged over the probe's batches first.

    **Arguments:**

    - `net`, `state`: the network, and what the rule owns beside it.
    - `probe`: several batches; its arrays are (batches, batch size, ...).
    - `key`: for rules and units that draw random numbers.

    !!! example

        >>> import apical
        >>> data = apical.load("digits")
        >>> model = apical.fit(apical.BP(), data, hidden=(8,), epochs=1).models[0]
        >>> x, y = model.transform(data.test.x[:20]), jax.nn.one_hot(data.test.y[:20], 10)
        >>> probe = jax.tree.map(lambda leaf: leaf[None], Batch(x, y))  # one batch
        >>> net, state, key = model.network, model.state, jax.random.key(0)
        >>> found = alignment(net, state, probe, key, rule=apical.BP())
        >>> found.cosine.round(4)
        Array([1., 1.], dtype=float32)
    """
    ours, signals = over_probe(rule, net, state, probe, key)
    reference, gradients = over_probe(BP(), net, State(), probe, key)
    pairs = [(_flat(a), _flat(b)) for a, b in zip(ours.layers, reference.layers, strict=True)]
    first = jax.tree.map(lambda leaf: leaf[0], probe)
    pathways = {p.target: p for p in rule.credit(net.drawn(key), state, first, key).pathways}
    weights = [
        _feedback_and_forward(net, pathways[l]) if l in pathways else None
        for l in range(len(net.layers))
    ]
    nan = jnp.nan
    return Alignment(
        cosine=jnp.stack([_cosine(a, b) for a, b in pairs]),
        norm_ratio=jnp.stack([jnp.linalg.norm(a) / jnp.linalg.norm(b) for a, b in pairs]),
        feedback_angle=jnp.stack(
            [jnp.degrees(jnp.arccos(jnp.clip(_cosine(*w), -1, 1))) if w else nan for w in weights]
        ),
        sign_agreement=jnp.stack(
            [jnp.mean(jnp.sign(w[0]) == jnp.sign(w[1])) if w else nan for w in weights]
        ),
        signal_error=jnp.stack(
            [
                jnp.linalg.norm((a - b).ravel()) / jnp.linalg.norm(b.ravel())
                for a, b in zip(signals, gradients, strict=True)
            ]
        ),
        reached=tuple(w is not None for w in weights),
    )


def over_probe(rule, net, state, probe, key) -> tuple[Network, tuple[Array, ...]]:
    """The mean pseudo-gradient over the probe, and the teaching signals of every example in it.

    What the rule keeps goes from batch to batch.
    """

    def step(carry, batch):
        kept, total = carry
        credit = rule.credit(net.drawn(key), State(state.learned, kept, state.epoch), batch, key)
        return (credit.kept, jax.tree.map(jnp.add, total, credit.network)), credit.signals

    nothing = jax.tree.map(jnp.zeros_like, net)
    (_, total), signals = jax.lax.scan(step, (state.kept, nothing), probe)
    return jax.tree.map(lambda leaf: leaf / probe.x.shape[0], total), signals


def _feedback_and_forward(net: Network, pathway: Pathway) -> tuple[Array, Array]:
    """The weights of a pathway, and the transposed forward weights between its two ends."""
    if pathway.source == pathway.target + 1:
        return pathway.layer.weight.ravel(), net.layers[pathway.source].weight.ravel()
    basis = jnp.eye(net.layers[pathway.source].out_shape[0])
    forward = basis
    for layer in reversed(net.layers[pathway.target + 1 : pathway.source + 1]):
        forward = layer.pull(forward)
    return pathway.layer.pull(basis).ravel(), forward.ravel()


def _flat(layer) -> Array:
    return jnp.concatenate([leaf.ravel() for leaf in jax.tree.leaves(layer)])


def _cosine(a: Array, b: Array) -> Array:
    return jnp.vdot(a, b) / (jnp.linalg.norm(a) * jnp.linalg.norm(b))
