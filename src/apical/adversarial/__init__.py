"""How accuracy holds when an adversary perturbs the inputs, and whether that can be believed."""

from apical.adversarial.attacks import FGSM, PGD, Noise

__all__ = ["FGSM", "PGD", "Noise"]
