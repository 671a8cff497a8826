"""Rules on equal terms: paired runs, equal tuning, equal budgets, and what their differences say."""
