"""Formats that a model is exported in: each writes one file that answers raw examples.

The exported function takes raw examples, float32 of shape (examples, *shape), any number of them,
and gives the output of each class, (examples, classes); preprocessing is part of it. They are the
numbers that `apical predict` shows: probabilities, under cross-entropy.
"""

import json
import logging
from abc import abstractmethod
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array

from apical.errors import UsageError
from apical.networks.targets import Label, class_scores
from apical.runs.precision import full_precision
from apical.runs.writing import write_whole
from apical.training.model import Model
from apical.values.value import Value


class Format(Value):
    """A kind of file."""

    suffix: ClassVar[str]
    """What its files' names end with."""

    @abstractmethod
    def write(self, model: Model, path: Path) -> None:
        """Write the model. Raises `UsageError` for one that it cannot hold, `WriteError` if the
        file cannot be written."""


class Safetensors(Format):
    """Weights, preprocessing and configuration: what `apical.Model.load` and safetensors read."""

    suffix = ".safetensors"

    def write(self, model, path):
        model.save(path)


class Stablehlo(Format):
    """The compiled function of `jax.export`, for any number of examples on CPU, CUDA and TPU.

    `jax.export.deserialize(file.read()).call(x)` answers, without apical.
    """

    suffix = ".stablehlo"
    platforms: ClassVar[tuple[str, ...]] = ("cpu", "cuda", "tpu")

    def write(self, model, path):
        from jax import export

        (examples,) = export.symbolic_shape("examples")
        x = jax.ShapeDtypeStruct((examples, *model.shape), jnp.float32)
        with full_precision():
            exported = export.export(jax.jit(answers(model)), platforms=self.platforms)(x)
        write_whole(path, bytes(exported.serialize()))


class Onnx(Format):
    """ONNX, by jax2onnx (the extra `onnx`): input `x`, output `scores`, class names in `classes`.

    Networks whose units send samples are refused: ONNX has no random numbers that are JAX's.
    """

    suffix = ".onnx"

    def write(self, model, path):
        if model.network.random:
            raise UsageError(
                "format: units of this network send samples, which onnx cannot repeat; use "
                "stablehlo or safetensors"
            )
        try:
            from jax2onnx import to_onnx
        except ImportError:
            raise UsageError(
                "format: onnx needs jax2onnx; install it by pip install 'apical[onnx]'"
            ) from None
        x = ("examples", *model.shape)
        with _silent("onnx_ir"):
            made = to_onnx(
                answers(model),
                inputs=[x],
                model_name="apical",
                input_names=["x"],
                output_names=["scores"],
            )
        entry = made.metadata_props.add()
        entry.key, entry.value = "classes", json.dumps(list(model.classes))
        write_whole(path, made.SerializeToString())


def answers(model: Model) -> Callable[[Array], Array]:
    """Raw examples to the output of each class; of a network that names none, its outputs."""
    names = isinstance(model.learner.settings.target, Label)

    def answer(x: Array) -> Array:
        outputs = model.learner.answer(model.network, model.transform(x))
        return class_scores(outputs) if names else outputs

    return answer


@contextmanager
def _silent(logger: str):
    """Without a library's warnings, of shapes that it leaves open."""
    log = logging.getLogger(logger)
    before, log.level = log.level, logging.ERROR
    try:
        yield
    finally:
        log.level = before
