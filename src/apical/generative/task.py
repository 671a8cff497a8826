"""A generative model on a data set, put together from settings."""

from jaxtyping import PyTree

from apical.data import Dataset
from apical.generative.generative_model import GenerativeModel
from apical.generative.latent_model import LatentModel
from apical.generative.learner import Inferring
from apical.settings import Unsupervised
from apical.training.memory import refuse, size_of
from apical.training.optimizer import build
from apical.training.stream import streamed
from apical.training.task import Training, fitted, sized, trainer
from apical.values.spelling import encode


class GenerativeTask(Training):
    """A generative model on a data set.

    Raises `UsageError` for settings, model and data that do not go together.
    """

    settings: Unsupervised

    def __init__(self, model: LatentModel, data: Dataset, settings: Unsupervised):
        data = data.framed(settings.framing)
        settings = sized(settings, model.recipe, data)
        self.model, self.data, self.settings = model, data, settings
        self.transforms = fitted(data, settings)
        stream = streamed(data.train, self.transforms.train, settings)
        optimizer = build(settings, stream.steps * settings.epochs)
        self.learner = Inferring(model, settings, optimizer, stream.steps)
        self.trainer = trainer(self.learner, stream, data, self.transforms, settings)

    def learned(self, seeds):
        return {"model": encode(self.model)}

    def refuse_giants(self, at_once):
        carry = self.trainer.shapes
        # The carry and a copy for when training diverges, the gradients, a minibatch's activities.
        kept = 2 * size_of(carry) + size_of(carry.stack)
        drawn = self.model.drawn_per_example
        active = self.learner.bytes_per_example(carry.stack) + 4 * drawn
        refuse(
            at_once * (kept + self.settings.batch_size * active),
            "give the latent layers fewer units, or lower batch_size"
            + " or the samples of the top" * bool(drawn)
            + (f", or train the {at_once} seeds one after the other" if at_once > 1 else ""),
        )

    def model_of(self, learned: PyTree, epoch: int) -> GenerativeModel:
        """What was learned as it was after an epoch."""
        stack = self.model.maps(learned)
        return GenerativeModel(self.model, stack, epoch, self.data, self.transforms.test)
