"""The papers: a folder each, with its claims, experiments, figures and results."""
