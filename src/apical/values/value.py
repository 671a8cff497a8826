"""What rules, losses, feedback and initialisers have in common: they are values.

A value is a frozen module whose fields are primitives or values again. It can be
spelled on the command line and written to JSON (see `values.spelling`).
"""

import re
from typing import ClassVar

import equinox as eqx


class Value(eqx.Module):
    """The root of everything that a configuration may name."""

    name: ClassVar[str]
    """What the command line calls it; unless it says so itself, as its class: fixed-random."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "name" not in vars(cls):
            cls.name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()


def written(*, mark: str = "", between: str = "/") -> dict[str, str]:
    """The metadata of a field with a spelling of its own.

    `mark`: a letter before it, so that it may stand anywhere or be left out, as in `s2`.
    `between`: what parts the items of a tuple, as in `3x3`.
    """
    return {"mark": mark, "between": between}
