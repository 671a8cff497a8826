"""What the learner, the task and the commands know of a model that learns without labels.

`IteratedTargetProp` and `TargetAutoencoder` are two of its kind.
"""

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

from jaxtyping import Array, Int, PRNGKeyArray, PyTree

from apical.generative.inference import Inference, inferred
from apical.generative.lessons import Update
from apical.generative.stack import Hidden, Stack, Visible
from apical.generative.stages import Rates
from apical.networks.activations import Activation
from apical.settings import Unsupervised
from apical.values.value import Value

if TYPE_CHECKING:
    from apical.data import Dataset
    from apical.generative.fit import Result


class Step(NamedTuple):
    """Where a training is."""

    number: Int[Array, ""]
    """Steps that were taken."""
    per_epoch: int


class LatentModel(Value):
    """Hyper-parameters of encoders and decoders between x and latent units."""

    name = "model"

    @property
    @abstractmethod
    def visible(self) -> Activation:
        """Activation of the decoder that gives x."""

    @property
    @abstractmethod
    def recipe(self) -> Unsupervised:
        """The settings that it is trained with where a user gives none."""

    @property
    @abstractmethod
    def inference(self) -> Inference:
        """How inference is carried out in training."""

    @property
    def traced(self) -> tuple[Inference, ...]:
        """The inferences along which log p(x, h) is recorded after every epoch; of equal steps."""
        return ()

    @property
    def drawn_per_example(self) -> int:
        """How many samples of units a step draws for an example."""
        return 0

    @abstractmethod
    def create(self, inputs: int, key: PRNGKeyArray) -> PyTree:
        """What is learned, for so many inputs, with initial weights."""

    @abstractmethod
    def maps(self, learned: PyTree) -> Stack:
        """The maps that are made of what is learned."""

    def rates(self, step: Step) -> Rates | None:
        """How fast each map learns, and from how much noise; None: all at the optimizer's rate."""
        return None

    @abstractmethod
    def learn(
        self, learned: PyTree, x: Visible, rates: Rates | None, key: PRNGKeyArray
    ) -> tuple[Hidden, Update]:
        """h after inference, as in training, and what the maps learn of it."""

    def infer(self, stack: Stack, x: Visible) -> Hidden:
        """h after inference, as in training."""
        return inferred(stack, x, self.inference)

    def fit(self, data: "Dataset | str", **given: Any) -> "Result":
        """Train it on a data set: see `apical.generative.fit.fit`, which takes the same."""
        from apical.generative.fit import fit  # it stands above this file

        return fit(self, data, **given)
