"""A generative model on a data set, put together from settings."""

from apical.data import Dataset
from apical.generative.generative_model import GenerativeModel
from apical.generative.iterated_target_prop import IteratedTargetProp
from apical.generative.learner import Inferring
from apical.generative.stack import Stack
from apical.settings import Unsupervised
from apical.training.optimizer import build
from apical.training.stream import InMemory
from apical.training.task import fitted, trainer


class GenerativeTask:
    """What `fit` trains.

    Raises `UsageError` for settings, model and data that do not go together.
    """

    def __init__(self, model: IteratedTargetProp, data: Dataset, settings: Unsupervised):
        self.model, self.data, self.settings = model, data, settings
        self.transforms = fitted(data, settings)
        stream = InMemory(data.train, self.transforms.train, settings)
        optimizer = build(settings, stream.steps * settings.epochs)
        self.learner = Inferring(model, settings, optimizer, stream.steps)
        self.trainer = trainer(self.learner, stream, data, self.transforms, settings)

    def model_of(self, stack: Stack, epoch: int) -> GenerativeModel:
        """A stack as it was after an epoch."""
        return GenerativeModel(self.model, stack, epoch, self.data, self.transforms.test)
