"""Examination of a finished run: the accuracy that it keeps under attack."""

from dataclasses import dataclass

from apical.adversarial.results import AccuracyUnderAttack
from apical.adversarial.survey import survey_run
from apical.adversarial.threat_model import Epsilon
from apical.reproduce.examination import Examination
from apical.training.selection import Best, Selection


@dataclass(frozen=True)
class UnderAttack(Examination):
    """Accuracy under the usual attacks, and under a transfer from a twin's run of the same seed.

    By default the networks of the best validation epoch are attacked, so that a rule which unlearns
    is not attacked where it has forgotten.
    """

    twin: str
    """The experiment whose networks lead the transfer attack."""
    epsilons: tuple[Epsilon, ...]
    examples: int
    network: Selection = Best()

    @property
    def name(self):
        return "attacks"

    @property
    def needs(self):
        return {self.twin}

    def examine(self, run, root):
        twin = root / self.twin / run.name
        _, surveys = survey_run(
            run, self.epsilons, twin=twin, examples=self.examples, network=self.network
        )
        (survey,) = surveys.values()
        return vars(AccuracyUnderAttack.of(survey))
