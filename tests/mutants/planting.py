"""Plant a defect in a copy of src/ and run its tests there."""

import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext, SpawnContext
from pathlib import Path

from tests.mutants.mutant import Mutant

ROOT = Path(__file__).parents[2]
PRELOADED = ["pytest", "equinox", "optax", "beartype", "matplotlib.pyplot"]
"""What every run of the tests imports, once for all of them."""
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(PRELOADED)


@dataclass(frozen=True)
class Ran:
    """What pytest did: its exit code and output, and the seconds of processor time it took."""

    code: int
    said: str
    seconds: float

    @property
    def failed(self) -> bool:
        """Whether a test failed; raises `RuntimeError` if pytest could not run them."""
        if self.code not in (0, 1) or (self.code == 1 and " failed" not in self.said):
            raise RuntimeError(
                f"pytest could not run the tests, exit code {self.code}:\n{self.said}"
            )
        return self.code == 1

    @property
    def by(self) -> str:
        """The tests that failed, without their files."""
        lines = [line for line in self.said.splitlines() if line.startswith("FAILED ")]
        return ", ".join(line.partition(" - ")[0].partition("::")[2] for line in lines)


def with_defect(mutant: Mutant) -> Ran:
    """Its tests on a copy of src/ that has the defect.

    Raises `ValueError` if the defect cannot be planted.
    """
    with linked() as copy:
        plant(mutant, copy / "apical")
        return run(copy, mutant.tests)


def without_defect(tests: tuple[str, ...]) -> Ran:
    """The tests on a copy of src/ as it is."""
    with linked() as copy:
        return run(copy, tests)


@contextmanager
def linked() -> Iterator[Path]:
    """A copy of src/, of links, what Python has compiled included, for a while."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder).resolve() / "src"
        shutil.copytree(ROOT / "src", copy, copy_function=os.symlink)
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
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()  # Python would take it if the file were as long and of the same second
    path.write_text(text.replace(mutant.old, mutant.new))


def run(
    source: Path, tests: tuple[str, ...], start: ForkServerContext | SpawnContext = SERVER
) -> Ran:
    """What pytest does with these tests of the package in `source`."""
    with tempfile.TemporaryDirectory() as folder:
        said, spent = Path(folder) / "said", Path(folder) / "spent"
        said.touch()
        process = start.Process(target=_pytest, args=(source, tests, said, spent))
        process.start()
        process.join()
        assert process.exitcode is not None
        seconds = float(spent.read_text()) if spent.exists() else 0.0
        return Ran(process.exitcode, said.read_text(), seconds)


def _pytest(source: Path, tests: tuple[str, ...], said: Path, spent: Path) -> None:
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
    code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-m", "", *tests])
    spent.write_text(str(sum(os.times()[:4])))
    sys.exit(code)
