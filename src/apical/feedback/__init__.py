"""Feedback: the weights that the teaching signal travels through."""

from apical.feedback.broadcast import Broadcast, Regenerated, Stored
from apical.feedback.feedback import Feedback, Transport
from apical.feedback.fixed_random import FixedRandom
from apical.feedback.sign_symmetric import BRSF, FRSF, USF, SignSymmetric
from apical.feedback.transpose import Transpose

__all__ = [
    "BRSF",
    "FRSF",
    "USF",
    "Broadcast",
    "Feedback",
    "FixedRandom",
    "Regenerated",
    "SignSymmetric",
    "Stored",
    "Transport",
    "Transpose",
]
