"""Rules on equal terms: paired runs, equal tuning and budgets, and what their differences say."""

from apical.comparison.compare import Comparison, compare

__all__ = ["Comparison", "compare"]
