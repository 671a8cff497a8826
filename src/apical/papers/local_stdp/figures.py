"""Placeholder."""


def draw(evidence, folder):
    return []
