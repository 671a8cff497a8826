"""The ghost-unit paper's figures with our runs."""


def draw(evidence, folder):
    return []
