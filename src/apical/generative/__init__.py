"""Generative models: what they infer, how they learn without labels, what they sample."""

from apical.generative.iterated_target_prop import IteratedTargetProp

__all__ = ["IteratedTargetProp"]
