"""A rule's updates and feedback weights, compared with those of backpropagation."""

from apical.diagnostics.alignment import Alignment, alignment

__all__ = ["Alignment", "alignment"]
