"""The targets of training and their scores."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import r2_score

from apical import BP, Settings
from apical.adversarial.survey import survey_run
from apical.data import Split, from_arrays, load
from apical.data.preprocessing import Affine
from apical.errors import UsageError
from apical.networks.layers import Fc
from apical.networks.losses import SquaredError
from apical.networks.targets import Input, Label, class_logits, class_scores, decode, encode
from apical.training import fit
from apical.training.evaluate import CHUNK, evaluate, together
from apical.training.task import Task


@eqx.filter_jit
def tally(target, output, y, mask):
    """As one program, as in an evaluation."""
    return target.tally(output, y, mask)


def score(target, batches):
    """The score of (outputs, targets, mask) batches, over the examples of the masks."""
    tallies = [tally(target, *batch) for batch in batches]
    return float(target.grade(together(tallies), sum(mask.sum() for _, _, mask in batches)))


def parts(rng, sizes, units=3):
    """Batches of shifted targets, so that their means differ, whose masks leave some out."""
    return [
        (
            rng.normal(size=(n, units)),
            rng.normal(loc=shift, size=(n, units)),
            np.arange(n) < n - 1,
        )
        for shift, n in enumerate(sizes)
    ]


def test_explained_variance_is_that_of_all_batches_together(float64):
    batches = parts(np.random.default_rng(0), (4, 7, 5))
    kept = [(output[mask], y[mask]) for output, y, mask in batches]
    output, y = (np.concatenate(rows) for rows in zip(*kept, strict=True))
    residual = ((output - y) ** 2).sum()
    assert score(Input(), batches) == pytest.approx(1 - residual / ((y - y.mean(0)) ** 2).sum())
    # Where every unit varies alike, that is the library's average over units, too.
    one = [(o[:, :1], y[:, :1], mask) for o, y, mask in batches]
    assert score(Input(), one) == pytest.approx(r2_score(y[:, :1], output[:, :1]))


def test_explained_variance_of_the_mean_is_0_and_of_the_truth_1(float64):
    y = np.random.default_rng(1).normal(size=(6, 2))
    everyone = np.ones(6, bool)
    assert score(Input(), [(y, y, everyone)]) == 1
    assert score(Input(), [(np.tile(y.mean(0), (6, 1)), y, everyone)]) == pytest.approx(0)
    assert np.isnan(score(Input(), [(y[:1], y[:1], everyone[:1])]))


def test_an_autoencoder_is_taught_its_input_as_it_is_read():
    """Flattened and preprocessed, by as many output units as there are inputs."""
    x = jnp.arange(12.0).reshape(2, 2, 3)
    target = Input()
    assert target.units(SquaredError(), (2, 3), 10) == 6
    np.testing.assert_array_equal(target(x, jnp.zeros(2, int), 6), x.reshape(2, 6))
    assert (Label().metric("val"), target.metric("val")) == (
        "val_accuracy",
        "val_explained_variance",
    )


def images(n=CHUNK // 2):
    """Pictures of two factors, which a bottleneck of two units can hold."""
    rng = np.random.default_rng(2)
    x = rng.uniform(-1, 1, size=(n, 2)) @ rng.normal(size=(2, 8))
    return from_arrays(x.reshape(n, 2, 4).astype(np.float32), rng.integers(0, 2, n))


def test_a_linear_autoencoder_explains_all_that_its_bottleneck_can_hold():
    result = fit(
        BP(),
        images(),
        hidden=(2,),
        activation="identity",
        loss=SquaredError(),
        target=Input(),
        lr=0.02,
        epochs=40,
        batch_size=20,
    )
    curve = [row["val_explained_variance"] for row in result.metrics]
    assert curve[0] < 0.9 < 0.999 < curve[-1]
    assert result.summary["best_validation"]["val_explained_variance"]["mean"] == max(curve)


def test_attacks_refuse_networks_that_name_no_class(tmp_path):
    fit(
        BP(),
        load("digits"),
        hidden=(4,),
        loss=SquaredError(),
        target=Input(),
        epochs=1,
        steps_per_epoch=1,
        out=tmp_path,
    )
    with pytest.raises(UsageError, match="trained towards the input and name no class"):
        survey_run(tmp_path, (), examples=1)


def test_evaluation_in_chunks_is_evaluation_at_once():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(CHUNK + 7, 3)).astype(np.float32)
    x[CHUNK:] += 5
    settings = Settings(hidden=(Fc(4),), loss=SquaredError(), target=Input())
    task = Task(BP(), from_arrays(x, np.zeros(len(x), int) + np.arange(len(x)) % 2), settings)
    net = task.begin(0).net
    plain = Affine.of(0.0, 1.0)
    split = Split(x, np.zeros(len(x), np.int32))
    (found,) = evaluate(task.learner, net, plain, split, "test")
    output = np.asarray(net(jnp.asarray(x)))
    spread = ((x - x.mean(0)) ** 2).sum()
    assert found["test_loss"] == pytest.approx(((output - x) ** 2).sum(1).mean() / 2, rel=1e-5)
    score = 1 - ((output - x) ** 2).sum() / spread
    assert found["test_explained_variance"] == pytest.approx(score, rel=1e-4)


def test_a_loss_for_classes_takes_no_images():
    with pytest.raises(UsageError, match="use loss squared-error"):
        fit(BP(), images(), target=Input(), epochs=1)


def test_a_single_unit_stands_for_the_second_of_two_classes():
    outputs = jax.device_put(np.array([[0.2], [0.5], [0.9]]))
    np.testing.assert_allclose(
        class_scores(outputs), [[0.8, 0.2], [0.5, 0.5], [0.1, 0.9]], rtol=1e-6
    )
    np.testing.assert_array_equal(decode(outputs), [0, 0, 1])
    np.testing.assert_array_equal(decode(encode(jnp.array([1, 0]), 1)), [1, 0])
    a = jnp.array([[-3.0], [1.0]])
    np.testing.assert_allclose(jax.nn.softmax(class_logits(a))[:, 1:], jax.nn.sigmoid(a), rtol=1e-6)


def test_several_units_stand_for_a_class_each():
    outputs = jnp.array([[0.2, 0.1, 0.7], [0.4, 0.4, 0.2]])
    np.testing.assert_array_equal(class_scores(outputs), outputs)
    np.testing.assert_array_equal(class_logits(outputs), outputs)
    np.testing.assert_array_equal(decode(outputs), [2, 0])


def test_top5_accuracy_is_told_of_many_classes_alone():
    """A label among the five largest outputs; of equal ones the earlier come first."""
    output = np.tile(np.array([4, 3, 2, 1, *56 * [0]], np.float32), (4, 1))
    y = np.eye(60, dtype=np.float32)[[0, 3, 4, 5]]
    all_four = np.array([True] * 4)
    four = tally(Label(), output, y, all_four)
    assert float(Label().grade(four, 4)) == 1 / 4
    assert {n: float(v) for n, v in Label().further(four, 4).items()} == {"top5 accuracy": 3 / 4}
    masked = tally(Label(), output, y, np.array([True, False, True, False]))
    assert float(Label().further(together([four, masked]), 6)["top5 accuracy"]) == 5 / 6
    few = tally(Label(), output[:, :49], y[:, :49], all_four)
    assert Label().further(few, 4) == {}


def test_the_summary_has_top5_accuracy_of_last_and_best_epoch():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(600, 4)).astype(np.float32), np.arange(600) % 60
    result = fit(BP(), from_arrays(x, y), epochs=2, hidden=(5,), batch_size=50, record_test=True)
    last = result.summary["test_top5_accuracy"]["mean"]
    assert last == result.metrics[-1]["test_top5_accuracy"] > result.test_accuracy
    (epoch,) = result.summary["best_validation"]["epoch"]
    for split in ("val", "test"):
        best = result.summary["best_validation"][f"{split}_top5_accuracy"]["mean"]
        assert best == result.metrics[epoch - 1][f"{split}_top5_accuracy"]
    data = from_arrays(x, y)
    order = np.argsort(-np.asarray(result.models[0](data.test.x)), axis=1, kind="stable")
    assert last == pytest.approx(
        np.mean([label in row[:5] for label, row in zip(data.test.y, order, strict=True)])
    )
