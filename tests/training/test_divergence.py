"""Numbers that grow out of hand end a run with an error, and the last good network is kept."""

import jax
import jax.numpy as jnp
import pytest

from apical import BP, Credit, DivergenceError, State, fit
from apical.networks.initialisers import Uniform
from apical.networks.losses import SquaredError
from apical.runs.folder import RunFolder
from apical.training.reload import reload
from tests.training.small import SMALL, bits


def test_divergence_names_epoch_step_and_layer_and_keeps_the_last_good(blobs, tmp_path):
    settings = SMALL | {
        "activation": "relu", "optimizer": "sgd", "loss": SquaredError(), "epochs": 9, "lr": 3.0,
        "init": Uniform(1.5),
    }  # fmt: skip
    with pytest.raises(
        DivergenceError, match=r"seed 0, epoch \d+, step \d+: layer \d's .* reached"
    ):
        fit(BP(), blobs, out=tmp_path, **settings)
    assert RunFolder(tmp_path).read("summary.json")["status"] == "diverged"


class Poisoned(BP):
    """Its updates, or its state alone, are no numbers any more after so many steps."""

    name = "poisoned"
    after: int = 10
    state_only: bool = False

    def init(self, net, batch, key):
        return State(kept=(jnp.zeros((), int), jnp.zeros(())))

    def credit(self, net, state, batch, key):
        found = BP().credit(net, State(), batch, key)
        step, memory = state.kept
        poison = jnp.where(step < self.after, 0.0, jnp.nan)
        dose = 0.0 if self.state_only else poison
        network = jax.tree.map(lambda g: g + dose, found.network)
        return Credit(network, found.signals, kept=(step + 1, memory + poison))


@pytest.mark.parametrize(("state_only", "words"), [(False, "weights"), (True, "rule's state")])
def test_values_that_no_loss_has_shown_yet_are_divergence_too(blobs, state_only, words):
    with pytest.raises(DivergenceError, match=f"epoch 1, step 11: .*{words}.* reached nan"):
        fit(Poisoned(state_only=state_only), blobs, **SMALL)


def test_the_last_good_checkpoint_is_kept(blobs, tmp_path):
    """Eleven steps an epoch: the third one goes wrong."""
    with pytest.raises(DivergenceError, match="epoch 3, step"):
        fit(Poisoned(after=25), blobs, out=tmp_path, **SMALL)
    assert RunFolder(tmp_path).checkpoints(0).latest() == 2
    good = fit(Poisoned(after=1000), blobs, **SMALL | {"epochs": 2})
    _, models = reload(tmp_path, blobs)
    assert bits(models[0].network) == bits(good.networks[0])


class Learning(Poisoned):
    """The same, with something to learn, so that an epoch by turns has two passes."""

    name = "learning"

    def init(self, net, batch, key):
        return State(learned=jnp.zeros(()), kept=super().init(net, batch, key).kept)

    def credit(self, net, state, batch, key):
        found = super().credit(net, State(kept=state.kept), batch, key)
        return Credit(found.network, found.signals, kept=found.kept, learned=state.learned)


def test_a_step_of_the_second_pass_is_found_from_where_that_pass_began(blobs):
    """Eleven steps a pass: the sixteenth call is the fifth step of the second one."""
    with pytest.raises(DivergenceError, match=r"epoch 1, step 6: .* reached nan"):
        fit(Learning(after=15, state_only=True), blobs, alternate="epoch", **SMALL)
