"""What an installed package adds by an entry point is known to every command of every process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "apical-gift"
version = "1"
[project.entry-points.apical]
gift = "apical_gift.rules"
broken = "apical_gift.broken"
"""
RULES = """
from apical import BP, ListenerSpec
from apical.networks.activations import Activation


class GiftRule(BP):
    \"\"\"Backpropagation, as a gift.\"\"\"

    name = "gift-rule"


class Wrapped(Activation):
    \"\"\"a.\"\"\"

    lowest, highest = float("-inf"), float("inf")

    def __call__(self, a):
        return a


class GiftListener(ListenerSpec):
    \"\"\"Says thanks.\"\"\"

    def create(self, out):
        return lambda event: print("thanks for", type(event).__name__)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The folder of a package as pip installs it, beside the environment's own."""
    source, target = tmp_path_factory.mktemp("gift"), tmp_path_factory.mktemp("site")
    (source / "pyproject.toml").write_text(PROJECT)
    package = source / "apical_gift"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "rules.py").write_text(RULES)
    (package / "broken.py").write_text("import nowhere_at_all\n")
    pip = ["pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run(
        [sys.executable, "-m", *pip, "--target", str(target), str(source)],
        check=True, capture_output=True,
    )  # fmt: skip
    return target


@pytest.mark.hard
def test_rules_activations_and_listeners_of_a_package_are_used_and_a_broken_one_is_told(
    installed, tmp_path
):
    def said(*args) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "apical", *map(str, args)],
            capture_output=True, text=True, check=False, cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(installed), "COLUMNS": "200"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert done.stderr == (
            "apical: the package of apical_gift.broken: ModuleNotFoundError: No module named "
            "'nowhere_at_all'\n"
        )
        return done.stdout

    asked = ("--data", "iris", "--hidden", 4, "--epochs", 1, "--batch-size", 30, "--out", "run")
    given = ("--activation", "wrapped", "--listen", "gift-listener")
    trained = said("train", "gift-rule", *asked, *given)
    assert "gift-rule on iris" in trained
    assert "thanks for Finished" in trained
    assert "gift-rule on iris" in said("evaluate", "run")  # a new process reads its run
    assert "Backpropagation, as a gift." in said("rules")
    assert "gift-rule" in said("train", "--help")
