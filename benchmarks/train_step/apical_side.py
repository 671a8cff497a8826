"""apical's side: the same job as the peers', by the trainer's own epoch program."""

import json
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import optax
from job import BATCH, LEARNING_RATE, SIZES, Job, measure

from apical.data.augmentation import Unchanged
from apical.data.preprocessing import Affine
from apical.networks.activations import identity, softmax, tanh
from apical.networks.layers import Dense
from apical.networks.losses import CrossEntropy
from apical.networks.network import Network
from apical.rules import BP, DFA, FA, State
from apical.settings import Settings
from apical.settings.turns import TOGETHER
from apical.training.epoch import run_pass, step_keys
from apical.training.learner import Examples
from apical.training.optimizer import Optimizers
from apical.training.stream import Chunk
from apical.training.supervised import Supervised


def build(job: Job, arrays: dict[str, np.ndarray]):
    """(train_epoch, mean_loss) as `job.measure` wants them: see there, and `Job` for the arrays."""
    layers = [
        Dense(jnp.asarray(arrays[f"W{l}"].T), jnp.asarray(arrays[f"b{l}"]), (inputs,), activation)
        for l, ((inputs, _), activation) in enumerate(
            zip(pairwise(SIZES), (tanh, tanh, softmax), strict=True)
        )
    ]
    net = Network(tuple(layers), CrossEntropy())
    rule, state = {
        "bp": lambda: (BP(), State()),
        "fa": lambda: (FA(), State(kept=tuple(_back(arrays[f"B{l}"].T) for l in (1, 2)))),
        "dfa": lambda: (DFA(), State(kept=tuple(_back(arrays[f"D{l}"]) for l in (0, 1)))),
    }[job.rule]()
    adam = optax.adam(LEARNING_RATE)
    learner = Supervised(rule, Settings(), SIZES[-1], Optimizers(adam, adam))
    images, labels = jax.device_put((arrays["images"], arrays["labels"]))
    transform = Affine.of(0.0, 1 / 255)
    carry, turns = learner.carry(net, state), TOGETHER[0]

    def train_epoch(epoch: int) -> None:
        nonlocal carry
        order = arrays["order"][epoch]
        order = jnp.asarray(order[: len(order) // BATCH * BATCH].reshape(-1, BATCH))
        key = jax.random.key(epoch)
        draws = jax.random.split(key, len(order))
        chunk = Chunk(images, labels, order, draws, transform, Unchanged())
        keys = step_keys(key, len(order), turns)
        carry, metrics = run_pass(learner, turns, [lambda: [chunk]], [keys], carry)
        jax.block_until_ready((carry, metrics))

    def mean_loss() -> float:
        batch = learner.batch(Examples(transform(images), labels))
        return float(jnp.mean(carry.net.losses(carry.net.record(batch.x), batch.y)))

    return train_epoch, mean_loss


def _back(weight: np.ndarray) -> Dense:
    return Dense(jnp.asarray(weight), None, (weight.shape[1],), identity)


def main() -> None:
    job, arrays = Job.from_command_line()
    train_epoch, mean_loss = build(job, arrays)
    print(json.dumps(measure(job, train_epoch, mean_loss)))


if __name__ == "__main__":
    main()
