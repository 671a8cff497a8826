"""The fast gradient sign method."""

from apical.adversarial.attack import GradientAttack
from apical.adversarial.pgd import PGD


class FGSM(GradientAttack):
    """u + eps sign(grad): one whole step of projected gradient ascent from the clean input.

    Source: Goodfellow, Shlens & Szegedy 2015.
    """

    @property
    def iterates(self):
        return False

    def propose(self, rise, u, eps, key):
        return PGD(steps=1, size=1.0, random_start=False).propose(rise, u, eps, key)
