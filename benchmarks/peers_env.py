"""The peers' own virtual environment: PyTorch and BioTorch, apart from the project's.

Nothing in it is ever imported by `apical`; the benchmark starts its Python as a subprocess.
"""

import json
import subprocess
import sys
from pathlib import Path

DEFAULT = Path(__file__).parent / ".venv-peers"

# pip, not uv: on the project's machines pip is what finds a CPU build of torch. Elsewhere, on Linux
# x86-64, add `--index-url https://download.pytorch.org/whl/cpu` by hand, or accept a CUDA build.
TORCH = ["torch==2.13.0", "numpy"]

# BioTorch 0.0.16 declares torchvision, jupyter, tensorboard and nine more; they serve its data sets,
# model zoo and trainer. `BioModule` and the layers import torch alone (checked: no stub, no patch), so
# the package goes in without its dependencies. `pip check` in this environment does complain; the
# benchmark uses `biotorch.module.biomodule` only.
BIOTORCH = ["--no-deps", "biotorch==0.0.16"]


def python_of(folder: Path) -> Path:
    """The environment's interpreter; the environment is made first if it is missing or half made."""
    python = folder / "bin" / "python"
    if not (folder / ".complete").exists():
        print(f"making {folder} (about a minute; 800 MB)", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        for packages in (TORCH, BIOTORCH):
            subprocess.run([str(python), "-m", "pip", "install", "-q", *packages], check=True)
        (folder / ".complete").touch()
    return python


def versions(python: Path, *packages: str) -> dict[str, str | None]:
    """Versions installed beside that interpreter, as found, not as asked for; None where not there."""
    listing = [str(python), "-c", _VERSIONS, *packages]
    return json.loads(subprocess.check_output(listing, text=True))


_VERSIONS = """
import json, platform, sys
from importlib.metadata import PackageNotFoundError, version
found = {"python": platform.python_version()}
for package in sys.argv[1:]:
    try:
        found[package] = version(package)
    except PackageNotFoundError:
        found[package] = None
print(json.dumps(found))
"""
