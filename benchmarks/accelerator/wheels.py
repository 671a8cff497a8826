"""What a machine without a package index needs besides its JAX."""

import json
import subprocess
import sys
from collections.abc import Collection
from importlib.metadata import requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from apical.runs.environment import environment

ROOT = Path(__file__).parents[2]
COMMIT = "commit.txt"
"""Beside the wheels: the commit that apical's own is of."""
IMAGE = ("jax", "jaxlib", "ml-dtypes", "numpy", "opt-einsum", "scipy")
"""What a plain image with JAX has."""
PLATFORMS = [f"manylinux_2_{n}_x86_64" for n in (17, 24, 27, 28, 31, 34, 35)] + [
    "manylinux2014_x86_64"
]


def needed(python: str, there: Collection[str] = IMAGE) -> dict[str, str]:
    """Packages that apical needs under that Python on Linux, but those that are there.

    By name, with the version that is installed here, which the tests have run with.
    """
    marks = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux",
             "platform_system": "Linux", "platform_machine": "x86_64", "extra": ""}  # fmt: skip
    found: dict[str, str] = {}
    present = {canonicalize_name(name) for name in there}
    waiting = ["apical"]
    while waiting:
        for line in requires(waiting.pop()) or ():
            requirement = Requirement(line)
            name = canonicalize_name(requirement.name)
            wanted = requirement.marker is None or requirement.marker.evaluate(marks)
            if wanted and name not in found and name not in present:
                found[name] = version(name)
                waiting.append(name)
    return dict(sorted(found.items()))


def download(packages: dict[str, str], python: str, folder: Path) -> None:
    """Fetch these wheels, make apical's own, and note its commit."""
    folder.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "-q"]
    platforms = [word for name in PLATFORMS for word in ("--platform", name)]
    names = [f"{name}=={number}" for name, number in packages.items()]
    subprocess.run(
        [*pip, "download", "--no-deps", "--only-binary=:all:", "--python-version", python,
         "--implementation", "cp", *platforms, "-d", folder, *names], check=True,
    )  # fmt: skip
    for old in folder.glob("apical-*.whl"):
        old.unlink()
    subprocess.run([*pip, "wheel", "--no-deps", "-w", folder, ROOT], check=True)
    (folder / COMMIT).write_text(f"{environment()['commit']}\n")


def report(packages: dict[str, str], folder: Path | None) -> str:
    """A line for each package, and what they weigh."""
    lines = [f"{name}=={number}" for name, number in packages.items()]
    if folder is not None:
        wheels = sorted(folder.glob("*.whl"))
        size = sum(wheel.stat().st_size for wheel in wheels) / 2**20
        commit = (folder / COMMIT).read_text().strip()
        lines += [
            f"{len(wheels)} wheels in {folder}, {size:.1f} MiB, with apical's own of {commit}"
        ]
        if commit.endswith("-dirty") or commit == "None":
            lines += ["note: that is no commit; runs of it cannot be published"]
    return "\n".join(lines)


def listed(file: Path) -> list[str]:
    """The packages of a `pip list --format json`, or one a line."""
    text = file.read_text()
    return [p["name"] for p in json.loads(text)] if text.startswith("[") else text.split()
