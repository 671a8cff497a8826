"""The precision of matrix products on accelerators."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax

from apical.errors import UsageError
from apical.settings.matmul_precisions import MatmulPrecision
from apical.values.spelling import spell


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


@contextmanager
def asked(setting: MatmulPrecision) -> Iterator[None]:
    """Multiply as a run was asked to within the block; at float32 as around it.

    Raises `UsageError` on CPUs, which do not round.
    """
    if setting.of_jax is None:
        yield
        return
    if jax.default_backend() == "cpu":
        raise UsageError(
            f"matmul_precision: {spell(setting)} is for accelerators, and there is none; leave it "
            "out"
        )
    with jax.default_matmul_precision(setting.of_jax):
        yield
