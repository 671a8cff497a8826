"""apical's side: the trainer's own step and the model's own sampling, each one program.

python apical_side.py epoch|products|samples ARRAYS.npz
"""

import json
import resource
import sys

import jax
import jax.numpy as jnp
import numpy as np
from work import (
    ALPHA,
    AT_ONCE,
    CHECKED,
    DELTA,
    MINIBATCHES,
    NOISE,
    RATES,
    ROUND_ALPHA,
    ROUNDS,
    SAMPLES,
    SIZES,
    STEPS,
    products,
    read,
    timed,
)

from apical.generative import IteratedTargetProp
from apical.generative.parzen import parzen
from apical.generative.sampling import refine
from apical.generative.stack import Stack
from apical.generative.stages import Rates, scaled
from apical.networks.activations import sigmoid, softplus
from apical.networks.layers import Dense


class Uncorrupted(IteratedTargetProp):
    """Each map reads h itself."""

    def corrupt(self, x, h, rates, key):
        return (x, *h[:-1]), h


SETTINGS = {"hidden": SIZES[1:], "steps": STEPS, "delta": DELTA, "alpha": ALPHA}


def stack_of(f, g) -> Stack:
    def dense(weight, activation):
        return Dense(jnp.asarray(weight), jnp.zeros(len(weight)), weight.shape[1:], activation)

    return Stack(
        (dense(f[0], softplus), dense(f[1], sigmoid)), (dense(g[0], sigmoid), dense(g[1], softplus))
    )


def epoch(file):
    f, g, x = read(file)
    x = jnp.asarray(x)
    noise = jnp.full(2, NOISE)
    rates = Rates(jnp.array(RATES["f"]), jnp.array(RATES["g"]), noise, noise)

    def passes(model):
        @jax.jit
        def run(stack, x, keys):
            def step(stack, drawn):
                _, found = model.learn(stack, drawn[0], rates, drawn[1])
                down = scaled(found.gradients, rates)
                return jax.tree.map(lambda w, d: w - d, stack, down), found.loss

            return jax.lax.scan(step, stack, (x, keys))

        return run

    keys = jax.random.split(jax.random.key(0), MINIBATCHES)
    checked, _ = passes(Uncorrupted(**SETTINGS))(stack_of(f, g), x[:CHECKED], keys[:CHECKED])
    check = sum(float(jnp.abs(m.weight).sum()) for m in (*checked.encoders, *checked.decoders))
    train, stack = passes(IteratedTargetProp(**SETTINGS)), stack_of(f, g)

    def once():
        nonlocal stack
        stack, losses = train(stack, x, keys)
        jax.block_until_ready((stack, losses))

    return {"seconds": timed(once, MINIBATCHES), "check": check}


def alone(file):
    """The matrix products of every minibatch's inference and learning, in their order, and nothing else."""
    f, g, x = read(file)
    f1, f2, g1, g2 = (jnp.asarray(w.T) for w in (*f, *g))

    @jax.jit
    def run(x):
        def minibatch(sums, x):
            first = x @ f1

            def step(_, h):
                h1, h2 = h
                moved = h1 @ f2 - h2 @ g2 @ f2
                return (first - h1 @ g1 @ f1 + moved @ g2) / 4, moved / 4

            h1, h2 = jax.lax.fori_loop(0, STEPS, step, (first, first @ f2))
            pairs = (x, x @ f1), (h1, h1 @ f2), (h1, h1 @ g1), (h2, h2 @ g2)
            return tuple(s + a.T @ b for s, (a, b) in zip(sums, pairs)), None

        zeros = tuple(jnp.zeros(weight.shape) for weight in (f1, f2, g1, g2))
        return jax.lax.scan(minibatch, zeros, x)[0]

    x = jnp.asarray(x)
    seconds = timed(lambda: jax.block_until_ready(run(x)), MINIBATCHES)
    return {"seconds": seconds, "gflops": products() / seconds / 1e9}


def samples(file):
    f, g, _ = read(file)
    stack = stack_of(f, g)
    by = IteratedTargetProp(**SETTINGS).inference._replace(alpha=ROUND_ALPHA)
    go = jax.jit(lambda stack, h: refine(stack, stack.decode(h), ROUNDS, by))
    tops = jnp.asarray(
        np.random.default_rng(0).random((SAMPLES // AT_ONCE, AT_ONCE, SIZES[2]), np.float32)
    )
    made = [go(stack, h) for h in tops]
    check = float(jnp.abs(jnp.concatenate(made)).sum())

    def once():
        jax.block_until_ready([go(stack, h) for h in tops])

    return {"seconds": timed(once, 1, repeats=3), "check": check}


def likelihood(file):
    """A whole Parzen estimate: ten widths on 5000 validation examples, one on 10 000 test examples."""
    draw = np.random.default_rng(0)
    drawn, validation, test = (
        draw.random((n, SIZES[0]), np.float32) for n in (SAMPLES, 5000, 10_000)
    )
    seconds = timed(lambda: parzen(drawn, validation, test), 1, repeats=3)
    return {"seconds": seconds, "GiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20}


WORK = {"epoch": epoch, "products": alone, "samples": samples, "parzen": likelihood}

if __name__ == "__main__":
    print(json.dumps(WORK[sys.argv[1]](sys.argv[2])))
