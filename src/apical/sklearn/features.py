"""The features of a layer, learned by a rule, as a transformer of scikit-learn."""

import math
from typing import Any, Self

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    clone,
)
from sklearn.utils.validation import check_is_fitted

from apical.sklearn.classifier import ApicalClassifier


class ApicalFeatures(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Trains a network to tell classes apart, and gives the activity of one of its layers.

    **Arguments:**

    - `classifier`: an `ApicalClassifier`, which is cloned; None: one with its defaults.
    - `layer`: 1 is the first layer; -1 the output, and -2 the last hidden layer.
    - `random_state`: of the classifier; None: its own.

    **Attributes** after `fit`: `classifier_`, the trained one.

    !!! example

        >>> from sklearn.datasets import load_iris
        >>> x, y = load_iris(return_X_y=True)
        >>> features = ApicalFeatures(ApicalClassifier(hidden=(8,), epochs=2, batch_size=20))
        >>> features.fit_transform(x, y).shape
        (150, 8)
    """

    def __init__(
        self,
        classifier: ApicalClassifier | None = None,
        layer: int = -2,
        random_state: Any = None,
    ):
        self.classifier = classifier
        self.layer = layer
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Train the network. Raises as `ApicalClassifier.fit`."""
        first = ApicalClassifier() if self.classifier is None else clone(self.classifier)
        if self.random_state is not None:
            first.set_params(random_state=self.random_state)
        self.classifier_ = first.fit(X, y)
        self.n_features_in_ = first.n_features_in_
        if hasattr(first, "feature_names_in_"):
            self.feature_names_in_ = first.feature_names_in_
        model = self.classifier_.model_
        none = np.empty((0, *model.shape), np.float32)
        self._n_features_out = math.prod(model.features(none, self.layer).shape[1:])
        return self

    def transform(self, X: Any) -> np.ndarray:
        """The activity of the layer, (examples, units); that of images is flattened."""
        check_is_fitted(self)
        x = self.classifier_.examples(X)
        return self.classifier_.model_.features(x, self.layer).reshape(len(x), self._n_features_out)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
