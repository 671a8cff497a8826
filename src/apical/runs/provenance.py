"""Which code it is: versions, source and commit, told without JAX."""

import hashlib
import os
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("apical", "jax", "jaxlib", "equinox", "optax", "numpy")


def versions() -> dict[str, str]:
    """Of the packages that numbers depend on."""
    return {name: version(name) for name in PACKAGES}


def source() -> str:
    """A digest of the package's own modules, as they lie on the disk."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def commit() -> str | None:
    """The commit that this source file is part of, marked if the tree was changed.

    Outside a repository, as where an accelerator has only a copy, what `APICAL_COMMIT` says.
    """
    here = Path(__file__)
    if _git(here.parent, "ls-files", "--error-unmatch", here.name) is None:
        return os.environ.get("APICAL_COMMIT")
    return _git(here.parent, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def _git(folder: Path, *arguments: str) -> str | None:
    return said("git", *arguments, folder=folder)


def said(program: str, *arguments: str, folder: Path | None = None) -> str | None:
    """What a program prints; None if it fails or is not there."""
    if shutil.which(program) is None:
        return None
    done = subprocess.run(
        [program, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else None
