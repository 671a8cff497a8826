"""Fixtures for all tests: a persistent compilation cache, float64 on demand, small data."""

import os
from pathlib import Path

import jax
import pytest

CACHE = Path(__file__).parents[1] / ".cache" / "jax"
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(CACHE))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")


@pytest.fixture
def float64():
    """Double precision within a test; the library itself never switches it on."""
    with jax.enable_x64(True):
        yield
