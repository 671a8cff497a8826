"""apical's ghost-unit rules on the same arrays, as the trainer compiles them.

python apical_side.py ARRAYS.npz mb|ma|ma-strides MINIBATCHES
"""

import json
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax

from apical.networks.activations import sigmoid
from apical.networks.layers import Dense
from apical.networks.losses import SquaredError
from apical.networks.network import Network
from apical.rules import GhostMA, GhostMB, State
from apical.rules.ghost.circuit import Potentials
from apical.rules.ghost.rule import Kept
from apical.rules.ghost.stepping import Strides
from apical.settings import Settings
from apical.settings.turns import TOGETHER
from apical.training.learner import Examples
from apical.training.optimizer import Optimizers
from apical.training.supervised import Supervised

RULES = {"mb": GhostMB(), "ma": GhostMA(), "ma-strides": GhostMA(stepping=Strides(10))}


def main(file, model, count):
    a = {name: jnp.array(value) for name, value in np.load(file).items()}
    rule, optimizers = RULES[model], Optimizers(optax.sgd(1.0), optax.sgd(1.0))
    ((turn,),) = TOGETHER
    net = Network(
        tuple(Dense(a[w], None, (a[w].shape[1],), sigmoid) for w in ("W1", "W2")), SquaredError()
    )
    potentials = Potentials((a["u1"], a["u2"]), (a["v"],)) if rule.carry else None
    classes = a["y"].shape[-1]
    learner = Supervised(rule, Settings(loss=SquaredError()), classes, optimizers)
    carry = learner.carry(net, State(kept=Kept(None, (a["P"],), (a["G"],), potentials)))
    minibatches = Examples(a["x"][:count], jnp.argmax(a["y"][:count], axis=-1))

    @jax.jit
    def epoch(carry):
        def step(carry, examples):
            return learner.step(turn, carry, examples, jax.random.key(0))

        return jax.lax.scan(step, carry, minibatches)[0]

    jax.block_until_ready(epoch(carry))
    begin = time.perf_counter()
    end = jax.block_until_ready(epoch(carry))
    seconds = (time.perf_counter() - begin) / count
    W2 = np.asarray(end.net.layers[1].weight, np.float64)
    print(json.dumps({"seconds": seconds, "W2": float(np.abs(W2).sum())}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
