"""Layers: geometries of weights, each with the same three maps (see `layer.Layer`)."""

from apical.layers.dense import Dense
from apical.layers.layer import Layer

__all__ = ["Dense", "Layer"]
