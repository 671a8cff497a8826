"""The environment of a run: versions, commit, machine."""

import os
import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax

from apical.runs.precision import precision

PACKAGES = ("apical", "jax", "jaxlib", "equinox", "optax", "numpy")


def environment() -> dict[str, Any]:
    """JSON-ready; the content of env.json."""
    return {
        "versions": {name: version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "commit": _commit(),
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "devices": [str(device) for device in jax.devices()],
        "accelerator": _accelerator(),
        "matmul_precision": precision() or "default",
    }


def _accelerator() -> dict[str, str | None] | None:
    """What computes, if not the CPU: its kind, the platform's version and NVIDIA's driver."""
    device = jax.devices()[0]
    if device.platform == "cpu":
        return None
    query = ["--query-gpu=driver_version", "--format=csv,noheader"]
    return {
        "kind": device.device_kind,
        "platform": str(device.client.platform_version),
        "driver": (_said("nvidia-smi", *query) or "").partition("\n")[0] or None,
    }


def _commit() -> str | None:
    """The commit that this source file is part of, marked if the tree was changed.

    Outside a repository, as where an accelerator has only a copy, what `APICAL_COMMIT` says.
    """
    here = Path(__file__)
    if _git(here.parent, "ls-files", "--error-unmatch", here.name) is None:
        return os.environ.get("APICAL_COMMIT")
    return _git(here.parent, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def _git(folder: Path, *arguments: str) -> str | None:
    return _said("git", *arguments, folder=folder)


def _said(program: str, *arguments: str, folder: Path | None = None) -> str | None:
    """What a program prints; None if it fails or is not there."""
    if shutil.which(program) is None:
        return None
    done = subprocess.run(
        [program, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
