"""Rules as estimators of scikit-learn: a classifier, and a transformer to a layer's features.

!!! example

    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import cross_val_score
    >>> x, y = load_iris(return_X_y=True)
    >>> classifier = ApicalClassifier("fa", hidden=(16,), lr=3e-2, batch_size=20, random_state=0)
    >>> bool(cross_val_score(classifier, x, y, cv=3).mean() > 0.9)
    True
"""

from apical.sklearn.classifier import ApicalClassifier
from apical.sklearn.features import ApicalFeatures

__all__ = ["ApicalClassifier", "ApicalFeatures"]
