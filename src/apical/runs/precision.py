"""The precision of matrix products on accelerators."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax


def precision() -> str | None:
    """The precision that holds now; None: the machine's own."""
    config: Any = jax.config  # which of its attributes are typed differs between versions of JAX
    return config.jax_default_matmul_precision


@contextmanager
def full_precision() -> Iterator[None]:
    """Multiply float32 as float32 within the block, or within a function that this decorates.

    By default JAX rounds the factors on accelerators: to TF32 on NVIDIA's, which has 10 bits of
    mantissa, to bfloat16 on TPUs. Small differences of large numbers, which targets and local
    losses are made of, would be rounding, and no figure would compare with one from a CPU.

    Does nothing on CPUs, which do not round, nor where `jax_default_matmul_precision` was set.
    """
    if precision() is not None or jax.default_backend() == "cpu":
        yield
    else:
        with jax.default_matmul_precision("highest"):
            yield
