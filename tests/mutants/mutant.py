"""A planted defect."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A defect: `old`, which `file` of src/apical holds exactly once, becomes `new`."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    """Files or nodes, at least one of which must fail."""
