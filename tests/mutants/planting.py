"""Plant a defect in a copy of src/ and run its tests there."""

import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.mutants.mutant import Mutant

ROOT = Path(__file__).parents[2]
PRELOADED = ["pytest", "equinox", "optax", "beartype", "matplotlib.pyplot"]
"""What every run of the tests imports, once for all of them."""
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(PRELOADED)


def is_caught(mutant: Mutant) -> bool:
    """Whether a test of the mutant's fails on a copy of src/ that has its defect.

    Raises `ValueError` if the defect cannot be planted and `RuntimeError` if pytest
    could not run the tests: neither says anything about them.
    """
    with linked() as copy:
        plant(mutant, copy / "apical")
        code, said = run(copy, mutant.tests)
    if code not in (0, 1) or (code == 1 and " failed" not in said):
        raise RuntimeError(f"{mutant.name}: pytest could not test it, exit code {code}:\n{said}")
    return code == 1


@contextmanager
def linked() -> Iterator[Path]:
    """A copy of src/, of links, for a while."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder).resolve() / "src"
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "src", copy, ignore=ignored, copy_function=os.symlink)
        yield copy


def plant(mutant: Mutant, package: Path) -> None:
    """Replace the one place in the file below `package`."""
    path = package / mutant.file
    text = path.read_text()
    if (found := text.count(mutant.old)) != 1:
        raise ValueError(
            f"{mutant.name}: {mutant.file} must hold {mutant.old!r} exactly once, "
            f"found {found}; follow the change of the source in tests/mutants"
        )
    path.unlink()  # it may be a link to the source
    path.write_text(text.replace(mutant.old, mutant.new))


def run(source: Path, tests: tuple[str, ...]) -> tuple[int, str]:
    """pytest's exit code and output on these tests of the package in `source`."""
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "said"
        said.touch()
        process = SERVER.Process(target=_pytest, args=(source, tests, said))
        process.start()
        process.join()
        assert process.exitcode is not None
        return process.exitcode, said.read_text()


def _pytest(source: Path, tests: tuple[str, ...], said: Path) -> None:
    """In a process of its own, that has not imported apical."""
    output = os.open(said, os.O_WRONLY)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(ROOT)
    for key in [key for key in os.environ if key.startswith("PYTEST_")]:
        del os.environ[key]  # those of a pytest that this one runs in
    os.environ["PYTHONPATH"] = str(source)
    sys.path.insert(0, str(source))
    import pytest

    import apical

    if not Path(apical.__file__).is_relative_to(source):
        sys.exit(f"tested {apical.__file__}, not the copy in {source}")
    sys.exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests]))
