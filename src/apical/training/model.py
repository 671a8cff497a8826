"""A trained model: a network with all that it takes to use it, and to take it away."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree
from numpy.typing import ArrayLike

from apical.data import Split
from apical.data.given import raw_examples
from apical.data.preprocessing import Affine
from apical.errors import UsageError
from apical.networks.network import Network
from apical.networks.targets import Label, class_scores, decode
from apical.rules import State
from apical.runs.precision import full_precision
from apical.training.evaluate import chunk, evaluate
from apical.training.passes import mean_over_passes
from apical.training.supervised import Supervised
from apical.values.spelling import spell
from apical.values.value import read

if TYPE_CHECKING:
    from apical.training.task import Task


@dataclass(frozen=True)
class Model:
    """Answers raw examples: preprocessing is part of it.

    Made by `fit` (`result.models`), by `apical.load_model` and by `Model.load`.

    !!! example

        >>> import apical
        >>> data = apical.load("digits")
        >>> model = apical.fit(apical.BP(), data, hidden=(8,), epochs=1).models[0]
        >>> model(data.test.x[:3]).shape
        (3, 10)
        >>> model.predict(data.test.x[:3]).shape, model.predict_proba(data.test.x[:3]).shape
        ((3,), (3, 10))
        >>> model.features(data.test.x[:3], layer=1).shape
        (3, 8)
        >>> sorted(model.evaluate(data.test.x, data.test.y))
        ['accuracy', 'loss']
    """

    learner: Supervised
    network: Network
    state: State | None
    """What the rule owned; None if only the network was kept."""
    epoch: int
    """The epoch after which it is."""
    transform: Affine
    shape: tuple[int, ...]
    """Of a raw example."""
    classes: tuple[str, ...]
    """The names of its classes."""
    labels: np.ndarray | None = None
    """What its data called each class, in the order of `classes`; None: 0 to k - 1."""

    @classmethod
    def of(cls, task: "Task", network: Network, epoch: int, state: State | None = None) -> "Model":
        """A network as it was after an epoch of a task."""
        data, learner, transform = task.data, task.learner, task.transforms.test
        return cls(learner, network, state, epoch, transform, data.shape, data.classes, data.labels)

    @classmethod
    def load(cls, path: Path | str) -> "Model":
        """The model that `save` left in a file.

        **Raises:** `UsageError` if it is no such file, or a damaged one.
        """
        from apical.training import model_file

        return model_file.load(Path(path))

    def save(self, path: Path | str) -> None:
        """Write the model as one safetensors file: `weights`, preprocessing, configuration.

        Nothing of it is pickled, so that a file from anywhere can be loaded. What the rule owned
        besides the network is left out: a model answers, and does not go on learning.

        **Raises:** `WriteError` if the file cannot be written.

        !!! example

            >>> import tempfile
            >>> import apical
            >>> data = apical.load("digits")
            >>> model = apical.fit(apical.BP(), data, hidden=(8,), epochs=1).models[0]
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     model.save(f"{folder}/digits.safetensors")
            ...     again = apical.Model.load(f"{folder}/digits.safetensors")
            >>> bool((again.predict(data.test.x) == model.predict(data.test.x)).all())
            True
        """
        from apical.training import model_file

        model_file.save(self, Path(path))

    def __reduce__(self) -> tuple[Callable[[bytes], "Model"], tuple[bytes]]:
        """Pickled as the file that `save` writes, so that what the rule owned is left out."""
        from apical.training import model_file

        return model_file.read, (model_file.content(self),)

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """Copies of the network's arrays: `layer1.weight`, `layer1.bias`, `layer2.weight`, ...

        Layer 1 reads the preprocessed input, the last is the output. A fully connected weight is of
        shape (units, inputs).

        !!! example

            >>> import apical
            >>> result = apical.fit(apical.BP(), apical.load("digits"), hidden=(8,), epochs=1)
            >>> {name: array.shape for name, array in result.models[0].weights.items()}
            {'layer1.weight': (8, 64), 'layer1.bias': (8,), 'layer2.weight': (10, 8), 'layer2.bias': (10,)}
        """  # noqa: E501
        return {name: np.array(leaf) for name, leaf in named_weights(self.network).items()}

    @full_precision()
    def __call__(self, x: np.ndarray | Array) -> Float[Array, "examples units"]:
        """The outputs for raw examples, shape (examples, *shape).

        A network that samples gives its mean output over the settings' passes.
        Raises `UsageError` for examples of another shape.
        """
        self._check_shape(np.shape(x))
        return self.learner.answer(self.network, self.transform(jnp.asarray(x)))

    def predict(self, x: ArrayLike) -> np.ndarray:
        """The label of each raw example, as the labels of the training data are.

        **Arguments:**

        - `x`: raw examples, shape (examples, *shape): arrays or frames as `from_arrays` takes.

        **Raises:** `UsageError` for examples of another shape, and if the network was not trained
        towards labels.
        """
        found = decode(self._outputs(x, "predict"))
        return self._labels[np.asarray(found)]

    def predict_proba(self, x: ArrayLike) -> np.ndarray:
        """The probability of each class, shape (examples, classes), in the order of `classes`.

        Those of softmax outputs, or of one sigmoid unit for two classes. Of several sigmoid units,
        each against the rest, their shares of the sum.

        **Raises:** `UsageError` as `predict`, and if outputs are no probabilities, as those that
        were trained by squared error.
        """
        outputs = self._outputs(x, "predict_proba")
        activation = self.network.layers[-1].activation
        if activation.lowest < 0 or activation.highest > 1:
            raise UsageError(
                f"predict_proba: {spell(activation)} outputs are no probabilities; call the model "
                "for its outputs, or train with loss cross-entropy"
            )
        scores = np.asarray(class_scores(outputs))
        if activation.couples:
            return scores
        total = scores.sum(axis=1, keepdims=True)
        return np.where(total > 0, scores / np.where(total > 0, total, 1), 1 / scores.shape[1])

    @full_precision()
    def features(self, x: ArrayLike, layer: int = -2) -> np.ndarray:
        """The activity of a layer's units, shape (examples, *units).

        Units that send samples give their means.

        **Arguments:**

        - `x`: raw examples, as for `predict`.
        - `layer`: 1 is the first layer; -1 the output, and -2 the last hidden layer.

        **Raises:** `UsageError` for examples of another shape and for a layer that there is not.
        """
        count = len(self.network.layers)
        layer = read(int, layer, "layer")
        if not (1 <= layer <= count or -count <= layer <= -1):
            raise UsageError(
                f"layer: the network has the layers 1 to {count}, the output among them, got "
                f"{layer}; -1 is the output"
            )
        which = layer - 1 if layer > 0 else count + layer
        return self._by_chunks(x, partial(_features, learner=self.learner, layer=which))

    def evaluate(self, x: ArrayLike, y: ArrayLike) -> dict[str, float]:
        """The mean loss and the score on raw examples, with the names of a run's metrics.

        **Arguments:**

        - `x`: raw examples, as for `predict`.
        - `y`: a label of each, as `predict` gives them, or the names of their classes.

        **Raises:** `UsageError` as `predict`, and for a label that the model does not know.
        """
        examples = self._checked(x)
        split = Split(examples, self._numbers(y, len(examples)))
        with full_precision():
            (found,) = evaluate(self.learner, self.network, self.transform, split, "given")
        return {name.removeprefix("given_"): value for name, value in found.items()}

    def confusion(self, x: ArrayLike, y: ArrayLike) -> np.ndarray:
        """How many examples of each class (rows) are taken for each class (columns).

        Both are in the order of `classes`. Arguments and errors are those of `evaluate`.
        """
        found = np.asarray(decode(self._outputs(x, "confusion")))
        k = len(self.classes)
        return np.bincount(k * self._numbers(y, len(found)) + found, minlength=k * k).reshape(k, k)

    @property
    def _labels(self) -> np.ndarray:
        return np.arange(len(self.classes)) if self.labels is None else self.labels

    def _numbers(self, y: ArrayLike, examples: int) -> np.ndarray:
        """Labels as numbers from 0 to k - 1."""
        given = np.asarray(y)
        if given.shape != (examples,):
            raise UsageError(
                f"y: must be one label for each of the {examples} examples, got {given.shape}"
            )
        texts, known = given.dtype.kind in "OUS", self._labels
        if texts and known.dtype.kind not in "OU":
            known = np.array(self.classes)
        number = {label: i for i, label in enumerate(known.tolist())}
        try:
            return np.array([number[label] for label in given.tolist()], np.int32)
        except KeyError as error:
            few = ", ".join(map(str, known[:5].tolist())) + ", ..." * (len(known) > 5)
            raise UsageError(
                f"y: {error.args[0]!r} is none of the model's {len(known)} labels ({few})"
            ) from None

    def _outputs(self, x: ArrayLike, what: str) -> Array:
        """The outputs of a network that was trained towards labels."""
        target = self.learner.settings.target
        if not isinstance(target, Label):
            raise UsageError(
                f"{what}: the network was trained towards the {spell(target)} and names no class; "
                "call the model for its outputs"
            )
        return jnp.asarray(self.outputs(x))

    @full_precision()
    def outputs(self, x: ArrayLike) -> np.ndarray:
        """As calling the model, in compiled chunks: for any number of examples.

        **Raises:** `UsageError` for examples of another shape.
        """
        return self._by_chunks(x, partial(_outputs, learner=self.learner))

    def _by_chunks(self, x: ArrayLike, function: Callable[..., Array]) -> np.ndarray:
        examples = self._checked(x)
        size = chunk(self.learner, self.network)
        parts = [
            np.asarray(function(self.network, self.transform, padded))[:count]
            for padded, count in _padded(examples, size)
        ]
        return np.concatenate(parts)

    def _checked(self, x: ArrayLike) -> Any:
        examples = raw_examples(x, "x")
        self._check_shape(examples.shape)
        return examples

    def _check_shape(self, shape: tuple[int, ...]) -> None:
        if shape[1:] != self.shape or not shape:
            raise UsageError(
                f"x: must be raw examples of shape (n, {', '.join(map(str, self.shape))}), got "
                f"{shape}"
            )


def named_weights(network: PyTree) -> dict[str, Any]:
    """The arrays of a network, or their shapes, by names such as `layer1.weight`."""
    return {
        f"layer{l}{jax.tree_util.keystr(path)}": leaf
        for l, layer in enumerate(network.layers, start=1)
        for path, leaf in jax.tree.leaves_with_path(layer)
    }


def _padded(x: np.ndarray, size: int) -> Iterator[tuple[np.ndarray, int]]:
    """Chunks of `size` examples or the next power of two, so that few programs are compiled, and
    how many of each were given."""
    size = min(size, 1 << max(len(x) - 1, 0).bit_length())
    for begin in range(0, max(len(x), 1), size):
        part = x[begin : begin + size]
        yield np.pad(part, [(0, size - len(part))] + [(0, 0)] * (x.ndim - 1)), len(part)


@partial(jax.jit, static_argnames="learner")
def _outputs(network: Network, transform: Affine, x: Array, *, learner: Supervised) -> Array:
    return learner.answer(network, transform(x))


@partial(jax.jit, static_argnames=("learner", "layer"))
def _features(
    network: Network, transform: Affine, x: Array, *, learner: Supervised, layer: int
) -> Array:
    inputs, passes = transform(x), learner.settings.passes
    return mean_over_passes(network, passes, lambda net: net.record(inputs).activities[layer + 1])
