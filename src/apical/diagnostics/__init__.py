"""What a rule's learning looks like beside backpropagation."""

from apical.diagnostics.alignment import Alignment, alignment

__all__ = ["Alignment", "alignment"]
