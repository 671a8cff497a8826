"""scikit-learn's own checks of estimators, and its tools around ours."""

import pickle
from typing import Any

import jax
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import apical
from apical.errors import UsageError
from apical.sklearn import ApicalClassifier, ApicalFeatures

QUICK: dict[str, Any] = {"hidden": (8,), "epochs": 12, "batch_size": 20, "lr": 0.03}
X, Y = load_iris(return_X_y=True)


@parametrize_with_checks(
    [ApicalClassifier("fa", **QUICK), ApicalFeatures(ApicalClassifier("fa", **QUICK))]
)
def test_it_is_an_estimator(estimator, check):
    """Every check of scikit-learn's passes; none is expected to fail."""
    check(estimator)


def quick(rule="fa", **changes):
    return ApicalClassifier(rule, **QUICK | {"random_state": 0} | changes)


def test_it_works_in_pipelines_and_searches():
    pipeline = make_pipeline(StandardScaler(), quick())
    assert cross_val_score(pipeline, X, Y, cv=3).mean() > 0.9
    grid = {"apicalclassifier__lr": [1e-5, 0.03]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X, Y)
    assert search.best_params_ == {"apicalclassifier__lr": 0.03}
    calibrated = CalibratedClassifierCV(quick(), cv=2).fit(X, Y)
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1)
    features = make_pipeline(ApicalFeatures(quick()), LogisticRegression())
    assert features.fit(X, Y).score(X, Y) > 0.9
    assert features[0].get_feature_names_out().tolist() == [f"apicalfeatures{i}" for i in range(8)]


def test_labels_of_any_kind_come_back():
    names = np.array(["setosa", "versicolor", "virginica"])
    classifier = quick().fit(X, names[Y])
    assert classifier.classes_.tolist() == names.tolist()
    assert set(classifier.predict(X)) <= set(names)
    assert classifier.model_.classes == tuple(names)
    np.testing.assert_array_equal(names[quick().fit(X, Y).predict(X)], classifier.predict(X))


def test_a_seed_repeats_and_a_clone_and_a_pickle_do_too():
    first, again = quick().fit(X, Y), clone(quick()).fit(X, Y)
    np.testing.assert_array_equal(first.predict_proba(X), again.predict_proba(X))
    assert first.loss_curve_ == again.loss_curve_
    assert len(first.loss_curve_) == first.n_iter_ == 12
    other = quick(random_state=1).fit(X, Y)
    assert not np.array_equal(first.predict_proba(X), other.predict_proba(X))
    pickled = pickle.loads(pickle.dumps(first))
    np.testing.assert_array_equal(first.predict_proba(X), pickled.predict_proba(X))
    for each in (first, pickled):
        each.partial_fit(X, Y)
    np.testing.assert_array_equal(first.predict_proba(X), pickled.predict_proba(X))


@pytest.mark.parametrize("rule", ["bp", "dtp"])
def test_it_trains_as_fit_does(rule):
    """The same seed and settings: the same weights to the bit, whatever is measured beside."""
    whole = apical.from_arrays(X.astype(np.float32), Y, validation=0, test=0)
    settings = {**QUICK, "epochs": 2, "partial_batch": "wrap", "preprocessing": "standardise"}
    ours = quick(rule, epochs=2, random_state=3).fit(X, Y).model_.weights
    theirs = apical.fit(rule, whole, seed=3, **settings).models[3].weights
    for name, weight in theirs.items():
        np.testing.assert_array_equal(ours[name], weight)


def test_partial_fit_goes_on_and_knows_its_classes():
    order = np.random.default_rng(0).permutation(150)
    x, y = X[order], Y[order]
    classifier = quick(epochs=1).partial_fit(x[:50], y[:50], classes=[0, 1, 2])
    for _ in range(25):
        classifier.partial_fit(x[50:140], y[50:140]).partial_fit(x[:7], y[:7])
    assert classifier.n_iter_ == 51
    assert classifier.score(X, Y) > 0.85
    whole = quick(epochs=2).fit(X, Y)
    parts = quick(epochs=1).fit(X, Y).partial_fit(X, Y)
    np.testing.assert_array_equal(whole.predict_proba(X), parts.predict_proba(X))
    short = quick(epochs=1).partial_fit(x[:2], y[:2], classes=[0, 1, 2])
    short.partial_fit(x, y)
    (steps,) = (leaf for leaf in jax.tree.leaves(short._carry.optimizer) if not leaf.shape)
    assert steps == 1 + -(-150 // short.batch_size)
    with pytest.raises(ValueError, match="the first call of partial_fit must say all"):
        quick().partial_fit(X, Y)
    with pytest.raises(ValueError, match=r"y: 7 is none of the classes \[0 1 2\]"):
        classifier.partial_fit(X[:1], [7])
    with pytest.raises(ValueError, match=r"classes: were \[0 1 2\] and are \[0 1\] now"):
        classifier.partial_fit(X, Y, classes=[0, 1])
    with pytest.raises(UsageError, match="partial_fit: the schedule of a learning rate"):
        quick(settings={"schedule": "cosine"}).partial_fit(X, Y, classes=[0, 1, 2])
    with pytest.raises(UsageError, match="settings: epochs is given as an argument too"):
        quick(epochs=1, settings={"epochs": 2}).fit(X, Y)


def test_images_are_read_by_layers_of_windows():
    x, y = load_digits(return_X_y=True)
    x, y = x[:200], y[:200]
    classifier = quick(hidden=("conv:3x3,4,s2", 16), shape=(8, 8), epochs=15).fit(x, y)
    assert classifier.model_.shape == (8, 8)
    assert classifier.score(x, y) > 0.8
    features = ApicalFeatures(classifier, layer=1).fit(x, y)
    assert features.transform(x[:3]).shape == (3, 64)


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"rule": "fe"}, UsageError, "rule: there is no 'fe'"),
        ({"shape": (3, 3)}, UsageError, r"shape: \(3, 3\) has 9 values, and an example has 4"),
        ({"settings": {"lrr": 1}}, UsageError, "settings: there is no 'lrr'; did you mean 'lr'"),
        ({"preprocessing": "standard"}, UsageError, "preprocessing: there is no 'standard'"),
    ],
)
def test_wrong_arguments_are_one_line(changes, error, says):
    with pytest.raises(error, match=says):
        quick(**changes).fit(X, Y)


def test_weights_of_examples_are_refused():
    with pytest.raises(TypeError, match="sample_weight"):
        quick().fit(X, Y, sample_weight=np.ones(150))
