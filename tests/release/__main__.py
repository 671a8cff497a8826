"""The wheel as strangers install it: bare environments, each Python, the oldest and newest JAX.

    python -m tests.release
    python -m tests.release --python 3.12

Builds the wheel, installs it with nothing else beside it, and runs commands in an empty folder, on
the data that the wheel brings. Pythons that this machine lacks are named and left out.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYTHONS = ("3.11", "3.12", "3.13")
ANSWERS = """
import apical
x = apical.load('iris').test.x
assert len(apical.Model.load('model.safetensors').predict(x)) == len(x)
"""
TOLD = """
import sys, jax
print(f'Python {sys.version.split()[0]}, JAX {jax.__version__}: all ran')
"""
COMMANDS = [
    *map(
        shlex.split,
        (
            "apical --version",
            "apical rules dtp",
            "apical data list",
            "apical train fa --data iris --epochs 2 --out run",
            "apical train fa --data iris --epochs 3 --out run --resume",
            "apical evaluate run",
            "apical attack run",
            "apical compare bp fa dtp --data iris --hidden 8 8 --epochs 2 --seeds 2 --out compared",
            "apical search fa --data iris --trials 2 --epochs 1 --out searched",
            "apical generate train --data digits --hidden 8 4 --epochs 1 --out generated",
            "apical audit fa",
            "apical export run --out model.safetensors",
            "apical export run --format stablehlo --out model.stablehlo",
            "apical plot run",
            "apical report run compared --out page.html",
            "apical train fa --data mnist --epochs 1 --steps-per-epoch 20 --out digits",
        ),
    ),
    ["python", "-c", ANSWERS],
    ["python", "-c", "import apical.sklearn; print(apical.sklearn.ApicalClassifier())"],
    ["python", "-c", TOLD],
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--python", nargs="*", default=PYTHONS, help="versions, as 3.12")
    versions = parser.parse_args().python
    with tempfile.TemporaryDirectory() as folder:
        wheel = built(Path(folder))
        tried = 0
        for version in versions:
            python = interpreter(version)
            if python is None:
                print(f"Python {version}: not on this machine, left out", flush=True)
                continue
            for jax in (f"jax=={oldest('jax')}", "jax"):
                installed_and_run(python, wheel, jax, Path(folder) / "bare")
                tried += 1
    if not tried:
        sys.exit(f"none of Python {', '.join(versions)} is on this machine")


def built(folder: Path) -> Path:
    from hatchling.builders.wheel import WheelBuilder

    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    return Path(wheel)


def oldest(name: str) -> str:
    """The oldest version of a dependency that the metadata allow."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    (bound,) = [line for line in listed if re.match(rf"{name}\W", line)]
    return bound.partition(">=")[2]


def interpreter(version: str) -> Path | None:
    """The Python of a version, if there is one that runs."""

    def named() -> Iterator[Path]:
        if found := shutil.which(f"python{version}"):
            yield Path(found)
        yield from sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))

    return next((p for p in named() if not subprocess.call([p, "-c", ""], stderr=-3)), None)


def installed_and_run(python: Path, wheel: Path, jax: str, folder: Path) -> None:
    """Ends this program, with all that was said, if a command fails."""
    shutil.rmtree(folder, ignore_errors=True)
    bare = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    bare["PATH"] = f"{folder / 'env' / 'bin'}:/usr/bin:/bin"
    run([python, "-m", "venv", folder / "env"], ROOT, dict(os.environ))
    pip = [folder / "env" / "bin" / "pip", "install", "--quiet", wheel, jax]
    run(pip, ROOT, dict(os.environ))
    work = folder / "work"
    work.mkdir()
    for command in COMMANDS:
        said = run(command, work, bare)
    print(said, end="", flush=True)


def run(command: list, folder: Path, environment: dict[str, str]) -> str:
    program = shutil.which(command[0], path=environment["PATH"])
    assert program, command
    done = subprocess.run(
        [program, *command[1:]], cwd=folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"{shlex.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


if __name__ == "__main__":
    main()
