"""A trained encoder as the first layer of a network, from the folder of a run.

!!! example

    >>> import tempfile
    >>> import apical
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = apical.TargetAutoencoder(16).fit("digits", epochs=1, out=f"{folder}/made")
    ...     begun = apical.fit(
    ...         apical.BP(), "digits", hidden=(16,), activation="sigmoid", epochs=1,
    ...         init_from=apical.EncoderOf(f"{folder}/made"),
    ...     )
    >>> begun.networks[0].layers[0].weight.shape
    (16, 64)
"""

import math
import zlib
from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np

from apical.data import Dataset
from apical.errors import UsageError
from apical.generative.reload import reload
from apical.networks.layers import Dense, Layer
from apical.runs.folder import RunFolder
from apical.runs.reading import learned_by, unfinished
from apical.settings import Settings
from apical.training.first_layer import FirstLayer
from apical.training.how import identity
from apical.values.spelling import spell


@dataclass(frozen=True)
class EncoderOf(FirstLayer):
    """The encoder that reads the data, after the last epoch of a finished run.

    **Arguments:**

    - `run`: the folder of a run of a model without labels, on the same data, or a folder of such
      runs named seed-0, seed-1, ... A seed begins with the encoder of the same seed; if the run has
      one seed alone, with that.
    """

    run: Path | str

    def of(self, seed, data, settings):
        folder, own = self._where(seed)
        if (told := unfinished(folder)) is not None:
            raise UsageError(
                f"init_from: {told}; end it by its command with --resume, or name a finished run"
            )
        stored = folder.config()["data"]
        if stored != identity(data):
            raise UsageError(
                f"init_from: {folder.path} was trained on other data ({stored['name']} with "
                f"{len(stored['classes'])} classes, digest {stored['digest']}) than this network's "
                f"({data.name} with {len(data.classes)} classes, digest "
                f"{identity(data)['digest']}); train both on the same"
            )
        task, models = reload(folder.path, data)
        encoder = models[own].stack.encoders[0]
        _check(folder.path, encoder, data, settings)
        theirs, ours = (s.preprocessing or data.preprocessing for s in (task.settings, settings))
        if theirs != ours:
            raise UsageError(
                f"init_from: the inputs of {folder.path} were preprocessed by {spell(theirs)}, and "
                f"those of the network are by {spell(ours)}; use preprocessing {spell(theirs)}"
            )
        return encoder

    def told(self, seed, layer):
        folder, own = self._where(seed)
        config = folder.config()
        return {
            "run": str(folder.path),
            "seed": own,
            "model": spell(learned_by(folder.path, config)),
            "epochs": config["settings"]["epochs"],
            "commit": folder.read("env.json").get("commit"),
            "digest": _digest(layer),
        }

    def _where(self, seed: int) -> tuple[RunFolder, int]:
        """The run and which of its seeds."""
        path = Path(self.run)
        if not RunFolder(path).exists and RunFolder(path / f"seed-{seed}").exists:
            path = path / f"seed-{seed}"
        folder = RunFolder(path)
        config = folder.config()
        first, count = config["seed"], config["seeds"]
        if first <= seed < first + count:
            return folder, seed
        if count == 1:
            return folder, first
        raise UsageError(
            f"init_from: {path} has the seeds {first} to {first + count - 1}, not {seed}; train "
            "more of it, or ask for other seeds"
        )


def _check(path: Path, encoder: Layer, data: Dataset, settings: Settings) -> None:
    """Raises `UsageError` if the first layer that the settings ask for is another."""
    units, inputs = encoder.out_shape[0], encoder.fans[0]
    first = settings.hidden[0] if settings.hidden else None
    layer = None
    if first is not None:
        layer = jax.eval_shape(
            lambda: first.create(
                data.shape,
                settings.activation,
                key=jax.random.key(0),
                init=settings.init,
                bias=settings.bias,
            )
        )
    if not isinstance(layer, Dense) or layer.weight.shape != encoder.weight.shape:
        there = "none" if first is None else f"{spell(first)} on {math.prod(data.shape)} inputs"
        raise UsageError(
            f"init_from: the encoder of {path} leads from {inputs} inputs to {units} units, and "
            f"the first hidden layer is {there}; use hidden {units}"
        )
    if encoder.activation != settings.activation:
        raise UsageError(
            f"init_from: the units of the encoder of {path} are {spell(encoder.activation)}, and "
            f"those of the first hidden layer {spell(settings.activation)}; use activation "
            f"{spell(encoder.activation)}"
        )
    if not settings.bias:
        raise UsageError(
            f"init_from: the encoder of {path} has biases, and the network none; leave out no-bias"
        )


def _digest(layer: Layer) -> str:
    """Tells apart encoders, should the run be made again."""
    crc = 0
    for leaf in jax.tree.leaves(layer):
        crc = zlib.crc32(np.ascontiguousarray(leaf).data, crc)
    return f"{crc:08x}"
