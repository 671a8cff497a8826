"""Layers: geometries of weights, each with the same three maps (see `layer.Layer`).

Importing a layer here is what gives it a name for `--hidden`.
"""

from apical.networks.layers.beside import Beside
from apical.networks.layers.conv import Conv, Conv2d
from apical.networks.layers.dense import Dense, Fc
from apical.networks.layers.layer import Layer, LayerSpec
from apical.networks.layers.local import Lc, LocallyConnected2d
from apical.networks.layers.stand_in import StandIn
from apical.networks.layers.transmitted import Transmitted
from apical.networks.layers.transposed import Transposed
from apical.networks.layers.window import Window

__all__ = [
    "Beside",
    "Conv",
    "Conv2d",
    "Dense",
    "Fc",
    "Layer",
    "LayerSpec",
    "Lc",
    "LocallyConnected2d",
    "StandIn",
    "Transmitted",
    "Transposed",
    "Window",
]
