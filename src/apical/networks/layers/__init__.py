"""Layers: geometries of weights, each with the same three maps (see `layer.Layer`)."""

from apical.networks.layers.conv import Conv2d
from apical.networks.layers.dense import Dense
from apical.networks.layers.layer import Layer
from apical.networks.layers.local import LocallyConnected2d
from apical.networks.layers.transmitted import Transmitted
from apical.networks.layers.transposed import Transposed
from apical.networks.layers.window import Window

__all__ = ["Conv2d", "Dense", "Layer", "LocallyConnected2d", "Transmitted", "Transposed", "Window"]
