"""Layers: geometries of weights, each with the same three maps (see `layer.Layer`)."""

from apical.layers.conv import Conv2d
from apical.layers.dense import Dense
from apical.layers.layer import Layer
from apical.layers.local import LocallyConnected2d
from apical.layers.transmitted import Transmitted
from apical.layers.transposed import Transposed
from apical.layers.window import Window

__all__ = ["Conv2d", "Dense", "Layer", "LocallyConnected2d", "Transmitted", "Transposed", "Window"]
