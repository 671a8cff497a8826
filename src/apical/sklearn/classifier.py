"""A network that a rule trains, as a classifier of scikit-learn."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

import jax
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from apical.data import Dataset, Preprocessing, Split
from apical.data.preprocessing import Transforms
from apical.errors import UsageError, short
from apical.rules import USUAL, Rule
from apical.runs.precision import full_precision
from apical.settings import Settings
from apical.settings.partial_batches import Wrap
from apical.training.events import Within
from apical.training.model import Model
from apical.training.optimizer import build_both
from apical.training.stream import streamed
from apical.training.supervised import Carry, Supervised
from apical.training.task import trainer
from apical.training.trainer import Start
from apical.values.value import read

OURS = ("epochs", "batch_size", "hidden", "lr", "activation", "loss", "optimizer", "weight_decay")
"""Arguments that are settings of the same name; None: as the rule recommends."""


class ApicalClassifier(ClassifierMixin, BaseEstimator):
    """A feed-forward network, trained by a rule of credit assignment.

    Arguments take what `apical.fit` takes, texts among them; None is what the rule recommends.
    Examples have no weights here: `fit` takes no `sample_weight`.

    **Arguments:**

    - `rule`: a rule, or the text that spells it, as "fa:frsf".
    - `hidden`: units of the hidden layers, or layers as "lc:3x3,8".
    - `epochs`, `batch_size`, `lr`, `activation`, `loss`, `optimizer`, `weight_decay`: settings. The
      last minibatch of an epoch is filled up; of fewer examples than a minibatch has, all are one.
    - `preprocessing`: fitted to the training examples; None: each feature has mean 0 and deviation
      1.
    - `shape`: of an example, as (8, 8), for layers that read images; None: a vector.
    - `settings`: any further settings by their names, as {"clip_norm": 1.0}.
    - `random_state`: the seed of the weights and of the order of examples; None: another each time.

    **Attributes** after `fit`: `classes_`, `model_` (an `apical.Model`), `loss_curve_` (mean
    training loss of each epoch), `n_features_in_`, and `feature_names_in_` of a frame.

    !!! example

        >>> from sklearn.datasets import load_iris
        >>> x, y = load_iris(return_X_y=True)
        >>> classifier = ApicalClassifier("dfa", hidden=(16,), lr=1e-2, batch_size=20)
        >>> classifier = classifier.set_params(random_state=0)
        >>> bool(classifier.fit(x, y).score(x, y) > 0.9)
        True
        >>> classifier.predict_proba(x[:2]).shape
        (2, 3)
    """

    def __init__(
        self,
        rule: Rule | str = USUAL,
        hidden: Any = (100,),
        *,
        epochs: int = 20,
        batch_size: int | None = None,
        lr: float | None = None,
        activation: Any = None,
        loss: Any = None,
        optimizer: str | None = None,
        weight_decay: float | None = None,
        preprocessing: Preprocessing | str | None = None,
        shape: tuple[int, ...] | None = None,
        settings: Mapping[str, Any] | None = None,
        random_state: Any = None,
    ):
        self.rule = rule
        self.hidden = hidden
        self.epochs = epochs
        self.batch_size = batch_size
        self.lr = lr
        self.activation = activation
        self.loss = loss
        self.optimizer = optimizer
        self.weight_decay = weight_decay
        self.preprocessing = preprocessing
        self.shape = shape
        self.settings = settings
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Train anew.

        **Arguments:**

        - `X`: examples, (n, features).
        - `y`: labels of classes, (n,): of any kind that scikit-learn takes.

        **Raises:** `ValueError` for what scikit-learn refuses, and for a single class; `UsageError`
        for settings that do not go together; `DivergenceError`.
        """
        x, labels = validate_data(self, X, y, dtype=np.float32)
        self._begin(labels)
        self.loss_curve_: list[float] = []
        settings = self._settings()
        self._carry, self._done, self._size = None, 0, min(settings.batch_size, len(x))
        self._train(x, labels, settings, settings.epochs)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Go on training, for one epoch of these examples.

        The first call fits the preprocessing, and says in `classes` which labels will come. Further
        calls go on from `fit` or `partial_fit`, with the optimizer as it was. Examples that do not
        fill a minibatch are taken several times.

        **Raises:** as `fit`; `ValueError` too for a label that is new, and `UsageError` for a
        schedule of the learning rate, which would have to know how many steps will come.
        """
        settings, first = self._settings(), not hasattr(self, "_carry")
        x, labels = validate_data(self, X, y, dtype=np.float32, reset=first)
        if first:
            if classes is None:
                raise ValueError("classes: the first call of partial_fit must say all of them")
            self._begin(classes)
            self.loss_curve_ = []
            self._carry, self._done, self._size = None, 0, settings.batch_size
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"classes: were {self.classes_} and are {np.unique(classes)} now")
        if not settings.schedule.endless:
            raise UsageError(
                "partial_fit: the schedule of a learning rate must know how many steps will come; "
                "use schedule constant, or fit"
            )
        self._train(x, labels, settings, 1)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The label of each example, (n,)."""
        check_is_fitted(self)
        x = self.examples(X)
        return self.classes_[self.model_.predict(x)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, (n, classes), in the order of `classes_`.

        **Raises:** `UsageError` as `apical.Model.predict_proba`.
        """
        check_is_fitted(self)
        found = self.model_.predict_proba(self.examples(X)).astype(np.float64)
        return found / found.sum(axis=1, keepdims=True)

    def examples(self, X: Any) -> np.ndarray:
        """Examples for `model_`, of the shape that it takes.

        **Raises:** `ValueError` for what scikit-learn refuses.
        """
        x = validate_data(self, X, dtype=np.float32, reset=False)
        return x if self.shape is None else x.reshape(len(x), *self.shape)

    @property
    def n_iter_(self) -> int:
        """The epochs it was trained for."""
        return self._done

    def _begin(self, labels: Any) -> None:
        """Take up the classes, and draw the seed."""
        check_classification_targets(labels)
        self.classes_ = np.unique(labels)
        if len(self.classes_) < 2:
            raise ValueError(
                f"the labels have one class, {self.classes_.tolist()[0]!r}; give two or more"
            )
        if self.shape is not None and math.prod(self.shape) != self.n_features_in_:
            raise UsageError(
                f"shape: {self.shape} has {math.prod(self.shape)} values, and an example has "
                f"{self.n_features_in_}; make them as many"
            )
        given = self.random_state
        if isinstance(given, int | np.integer) and 0 <= given < 2**31:
            self._seed = int(given)
        else:
            self._seed = int(check_random_state(given).randint(2**31 - 1))

    def _rule(self) -> Rule:
        return read(Rule, self.rule, "rule")

    def _settings(self) -> Settings:
        named = {name: getattr(self, name) for name in OURS if getattr(self, name) is not None}
        if not isinstance(self.settings, Mapping | None):
            raise UsageError(
                f"settings: must give settings by their names, as in {{'lr': 0.01}}, got "
                f"{short(self.settings)}"
            )
        given = self.settings or {}
        if twice := sorted(named.keys() & given.keys()):
            raise UsageError(
                f"settings: {twice[0]} is given as an argument too; leave it out of one of them"
            )
        changes = {"partial_batch": Wrap(), **named, **given}
        return self._rule().recipe.changed(changes, "apical train RULE --help")

    @full_precision()
    def _train(self, x: np.ndarray, labels: np.ndarray, settings: Settings, epochs: int) -> None:
        known = np.isin(labels, self.classes_)
        if not known.all():
            raise ValueError(
                f"y: {labels[~known].tolist()[0]!r} is none of the classes {self.classes_}"
            )
        if self.shape is not None:
            x = x.reshape(len(x), *self.shape)
        split = Split(x, np.searchsorted(self.classes_, labels).astype(np.int32))
        if len(x) < self._size:  # a part for partial_fit
            split = split.take(np.resize(np.arange(len(x)), self._size))
        none = split.take(np.arange(0))
        names = tuple(map(str, self.classes_))
        usual: Preprocessing = read(
            Preprocessing, self.preprocessing or "standardise", "preprocessing"
        )
        data = Dataset("X", split, none, none, names, usual)
        if self._carry is None:
            self._transform = usual.fit(data.splits).train
        maps = Transforms.shared(self._transform)
        settings = replace(settings, batch_size=self._size, epochs=self._done + epochs)
        stream = streamed(split, self._transform, settings)
        optimizers = build_both(settings, stream.steps * settings.epochs)
        learner = Supervised(self._rule(), settings, len(names), optimizers)
        made = replace(trainer(learner, stream, data, maps, settings), watched=(), diagnoses=False)
        carry: Carry = made.begin(self._seed) if self._carry is None else self._carry
        for ended in made.train([Start(self._seed, carry, self._done)]):
            if not isinstance(ended, Within):
                self._carry, self._done = ended[-1].carry, ended[-1].number
                self.loss_curve_.append(ended[-1].metrics["train_loss"])
        carry = jax.tree.map(np.asarray, self._carry)
        self._carry, shape = carry, x.shape[1:]
        self.model_ = Model(learner, carry.net, None, self._done, self._transform, shape, names)
