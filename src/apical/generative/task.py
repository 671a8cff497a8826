"""A generative model on a data set, put together from settings."""

from jaxtyping import PyTree

from apical.data import Dataset
from apical.generative.generative_model import GenerativeModel
from apical.generative.latent_model import LatentModel
from apical.generative.learner import Inferring
from apical.settings import Unsupervised
from apical.training.memory import refuse_giants
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

    def refuse_giants(self, trainer, seeds, at_once):
        samples = " or the samples of the top" * bool(self.model.drawn_per_example)
        remedy = f"give the latent layers fewer units, or lower batch_size{samples}"
        active = self.learner.bytes_per_example(trainer.shapes.stack)
        active += 4 * self.model.drawn_per_example
        refuse_giants(trainer, active, remedy, seeds, at_once)

    def model_of(self, learned: PyTree, epoch: int) -> GenerativeModel:
        """What was learned as it was after an epoch."""
        stack = self.model.maps(learned)
        return GenerativeModel(self.model, stack, epoch, self.data, self.transforms.test)
