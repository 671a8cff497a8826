"""Generative models: what they infer, how they learn without labels, what they sample."""

from apical.generative.iterated_target_prop import IteratedTargetProp
from apical.generative.latent_model import LatentModel
from apical.generative.target_autoencoder import TargetAutoencoder

__all__ = ["IteratedTargetProp", "LatentModel", "TargetAutoencoder"]
