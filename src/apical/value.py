"""What rules, losses, feedback and initialisers have in common: they are values.

A value is a frozen module whose fields are primitives or values again. It can be
spelled on the command line and written to JSON (see `values`).
"""

import equinox as eqx


class Value(eqx.Module):
    """The root of everything that a configuration may name."""


def written(*, mark: str = "", between: str = "/") -> dict[str, str]:
    """The metadata of a field with a spelling of its own.

    `mark`: a letter before it, so that it may stand anywhere or be left out, as in `s2`.
    `between`: what parts the items of a tuple, as in `3x3`.
    """
    return {"mark": mark, "between": between}
