"""What is measured of samples, and of whatever stands in their place."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from apical.errors import UsageError
from apical.generative.coverage import coverage
from apical.generative.frechet import frechet
from apical.generative.learner import flat
from apical.generative.parzen import parzen
from apical.generative.task import GenerativeTask
from apical.networks.targets import class_scores
from apical.runs.precision import full_precision
from apical.training.model import Model

Rows = Float[np.ndarray, "examples inputs"]


@dataclass(frozen=True, eq=False)
class Judge:
    """Measures samples beside the splits of a task, all with the same code.

    Where labels stand behind the examples' features, it looks at the features alone.

    **Arguments:**

    - `classifier`: a trained network for the same raw examples; None: what needs its features is
      left out.
    """

    task: GenerativeTask
    classifier: Model | None = None

    def __post_init__(self):
        shape = self.task.data.shape_without_labels
        if self.classifier is not None and self.classifier.shape != shape:
            raise UsageError(
                f"classifier: takes examples of shape {self.classifier.shape}, and the model gives "
                f"{shape}; name a run on the same data"
            )

    @full_precision()
    def measure(self, samples: Float[np.ndarray, "samples ..."]) -> dict[str, Any]:
        """Of samples in the units of the model's inputs; JSON-ready."""
        rows = self._rows(samples)
        window = parzen(rows, self.validation, self.test)
        measured: dict[str, Any] = {"parzen": window._asdict()}
        if self.classifier is not None:
            features, scores = self._seen(rows)
            # It refuses what is too few for any of these.
            covered = coverage(self._features_of_test, features)
            classes = np.bincount(scores.argmax(axis=1), minlength=scores.shape[1])
            measured |= {
                "confidence": float(scores.max(axis=1).mean()),
                "classes": (classes / len(rows)).tolist(),
                "frechet": frechet(features, self._features_of_test),
                **covered._asdict(),
            }
        return measured

    @full_precision()
    def classes(self, samples: Float[np.ndarray, "samples ..."]) -> Int[np.ndarray, " samples"]:
        """The class that the classifier gives each sample; there must be one."""
        return self._seen(self._rows(samples))[1].argmax(axis=1)

    @property
    def within(self) -> tuple[float, float]:
        """Between which numbers samples lie."""
        visible = self.task.model.visible
        return visible.lowest, visible.highest

    @cached_property
    def train(self) -> Rows:
        """The training examples, as the model reads them."""
        return self._rows(self.task.transforms.train(self.task.data.train.x))

    @cached_property
    def validation(self) -> Rows:
        """The validation examples."""
        return self._rows(self.task.transforms.validation(self.task.data.validation.x))

    @cached_property
    def test(self) -> Rows:
        """The test examples."""
        return self._rows(self.task.transforms.test(self.task.data.test.x))

    def _rows(self, examples: Any) -> Rows:
        """Those with labels behind them lose these; rows without stay what they are."""
        return np.asarray(flat(self.task.data.without_labels(examples)))

    @cached_property
    def _features_of_test(self) -> Float[np.ndarray, "examples features"]:
        return self._seen(self.test)[0]

    def _seen(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        """The classifier's last hidden activities, and its output for each class."""
        assert self.classifier is not None
        data, to_inputs = self.task.data, self.task.transforms.test
        scale, shift = (
            data.without_labels(np.broadcast_to(np.asarray(of_each), (1, *data.shape)))
            for of_each in (to_inputs.scale, to_inputs.shift)
        )
        raw = rows.reshape(-1, *data.shape_without_labels) / scale + shift
        seen, network = [], self.classifier.network
        for begin in range(0, len(raw), 1000):
            x = self.classifier.transform(jnp.asarray(raw[begin : begin + 1000]))
            record = network.record(x)
            seen.append((flat(record.activities[-2]), class_scores(record.output)))
        features, scores = (np.concatenate(parts) for parts in zip(*seen, strict=True))
        return features, scores
