"""What rules, losses, feedback and initialisers have in common: they are values.

A value is a frozen module whose fields are primitives or values again. It can be
spelled on the command line and written to JSON (see `values`).
"""

import equinox as eqx


class Value(eqx.Module):
    """The root of everything that a configuration may name."""
