"""Fixtures for all tests: float64 on demand, small data, and little work done twice."""

import gc
import os
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import jax
import numpy as np
import psutil
import pytest
from jaxtyping import install_import_hook

from tests.contexts import used_again

# Shapes and types of the mathematics are checked while tests run, never for users. After a change
# of this list remove __pycache__: jaxtyping's bytecode does not tell what was checked.
CHECKED = [
    f"apical.{name}"
    for name in ("networks.network", "networks.losses", "feedback", "rules", "diagnostics")
]
with install_import_hook(CHECKED, "beartype.beartype"):
    for name in CHECKED:
        import_module(name)  # here, so that a module that has moved is missed

from apical.data import from_arrays, source  # noqa: E402
from apical.tuning import trial_job  # noqa: E402

if version("jax").startswith("0.10."):
    # Of the time of a tiny program a third goes to its compiler context. Later versions of JAX use
    # one ten times, as is done here.
    from jax._src.interpreters import mlir

    mlir.make_ir_context = used_again(mlir.make_ir_context, times=10)

gc.freeze()  # no collection looks through all that was imported
gc.set_threshold(50_000, 20, 20)  # nor comes after every 700 objects, of which tracing makes many

PLENTY = max(4 << 30, psutil.virtual_memory().total // 4)
"""Bytes of memory above which a test process, one of two, lets the programs of earlier modules go.

It does not come below again, so that from there on every module compiles what it uses anew.
"""


MAPS, MOST_MAPS = Path("/proc/self/maps"), 30_000
"""Linux lets a process map 65,530 pieces of memory, and every compiled program is several."""


@pytest.fixture(scope="module", autouse=True)
def _bounded_memory():
    yield
    maps = MAPS.read_bytes().count(b"\n") if MAPS.exists() else 0
    if psutil.Process().memory_info().rss > PLENTY or maps > MOST_MAPS:
        jax.clear_caches()


@pytest.fixture(scope="session", autouse=True)
def _programs_kept_between_trials():
    """A search drops all programs now and then; here most are another test's, and compiled anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trial_job, "REMEMBERED", sys.maxsize)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_the_disk():
    """`fsync` is for machines that lose their power, which no test in this process is about."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _bundled_data_read_once():
    """Files of the package are unpacked and verified once a process: no test changes them."""
    read, found = source.Bundled.read, {}

    def once(self, name):
        place = self, name, source.FOLDER
        if place not in found:
            found[place] = read(self, name)
        return dict(found[place])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source.Bundled, "read", once)
        yield


@pytest.fixture
def float64():
    """Double precision within a test; the library itself never switches it on."""
    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="session")
def blobs():
    """Three noisy classes of 4 x 4 byte images, 330 + 60 + 60 examples."""
    draw = np.random.default_rng(0)
    centres = draw.integers(60, 196, (3, 4, 4))

    def split(n):
        y = np.arange(n, dtype=np.int32) % 3
        x = np.clip(centres[y] + draw.normal(0, 30, (n, 4, 4)), 0, 255).astype(np.uint8)
        return x, y

    return from_arrays(*split(330), name="blobs", validation=split(60), test=split(60))


@pytest.fixture
def small_disk(tmp_path):
    """A folder with room for 256 kB; the test is skipped where none may be mounted."""
    from tests.disks import mounted

    with mounted(tmp_path / "small-disk", "size=256k"):
        yield tmp_path / "small-disk"
