"""Tab completion, by the shells themselves."""

import shutil
import subprocess
from pathlib import Path

import pytest

from apical.cli.completion import gathered
from apical.cli.main import COMMANDS
from apical.data.sources import SOURCES
from apical.rules import RULES
from tests.commands import apical as command


@pytest.fixture(scope="module")
def scripts(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("completion")
    for shell in ("bash", "zsh", "fish"):
        (folder / shell).write_text(command("completion", shell))
    return folder


def by_bash(script: Path, line: str, folder: Path) -> list[str]:
    words = line.split(" ")
    asked = f"""
source {script}/bash
COMP_WORDS=({" ".join(f"'{word}'" for word in words)}); COMP_CWORD={len(words) - 1}
_apical; printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    return said(["bash", "--norc", "-c", asked], folder)


def by_zsh(script: Path, line: str, folder: Path) -> list[str]:
    words = line.split(" ")
    asked = f"""
compdef() {{ :; }}
_files() {{ print -l -- *; }}
compadd() {{ shift; print -l -- ${{(M)@:#$words[CURRENT]*}}; }}
source {script}/zsh
words=({" ".join(f"'{word}'" for word in words)}); CURRENT={len(words)}
_apical
"""
    return said(["zsh", "-f", "-c", asked], folder)


def by_fish(script: Path, line: str, folder: Path) -> list[str]:
    asked = f"source {script}/fish; complete -C '{line}'"
    return [told.split("\t")[0] for told in said(["fish", "--no-config", "-c", asked], folder)]


def said(asked: list[str], folder: Path) -> list[str]:
    done = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


SHELLS = {"bash": by_bash, "zsh": by_zsh, "fish": by_fish}


@pytest.fixture(params=sorted(SHELLS))
def complete(request, scripts, tmp_path):
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    (tmp_path / "mine.py").touch()

    def ask(line: str) -> set[str]:
        return {*SHELLS[request.param](scripts, line, tmp_path)}

    return ask


@pytest.mark.hard
@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("apical ", {*COMMANDS, "--help", "--version"}),
        ("apical comp", {"compare", "completion"}),
        ("apical train ", {rule.name for rule in RULES}),
        ("apical train gh", {"ghost-ma", "ghost-ma-prime", "ghost-mb"}),
        ("apical search d", {"dfa", "dtp"}),
        ("apical compare bp d", {"dfa", "dtp"}),
        ("apical rules dt", {"dtp"}),
        ("apical train fa --fe", {"--feedback"}),
        ("apical train dtp --fe", {"mine.py"} - {"mine.py"}),
        ("apical train fa --epochs 3 --lo", {"--loss"}),
        ("apical train mine --weight-d", {"--weight-decay"}),
        ("apical train fa --loss ", {"binary-cross-entropy", "cross-entropy", "squared-error"}),
        ("apical train fa --hidden fc:500 l", {"lc"}),
        ("apical train fa --listen t", {"tensorboard"}),
        ("apical train fa --data m", {name for name in SOURCES if name.startswith("m")}),
        ("apical compare bp fa --data ir", {"iris"}),
        ("apical evaluate --net", {"--network"}),
        ("apical evaluate run --network ", {"best", "last"}),
        ("apical evaluate ", {"mine.py"}),
        ("apical generate s", {"sample"}),
        ("apical generate sample --co", {"--count"}),
        ("apical reproduce g", {"ghost-units"}),
        ("apical data ver", {"verify"}),
        ("apical completion z", {"zsh"}),
    ],
)
def test_what_a_shell_offers(complete, line, wanted):
    found = complete(line)
    if line.endswith("--fe") and not wanted:  # an option that this rule has not
        assert "--feedback" not in found
    elif wanted == {"mine.py"}:  # bash looks for files by itself
        assert found in ({"mine.py"}, set())
    else:
        assert found == wanted


@pytest.mark.hard
def test_every_option_of_every_command_is_known():
    """What is read from the texts of --help would be lost if these changed."""
    words = gathered()
    assert {*words.second} == {"train", "search", "reproduce", "generate", "data"}
    assert all(len(words.options[key]) > 2 for key in words.options if key not in {
        "data list", "data verify", "data where", "completion", "sensitivity", "plot",
    })  # fmt: skip
    for command_ in COMMANDS:
        assert any(key.split(" ")[0] == command_ for key in words.options), command_
    options = words.options["train dtp"]
    for option in ("--hidden", "--alpha", "--out", "--resume", "--no-bias", "--stop", "--host"):
        assert options.count(option) == 1


def test_a_shell_that_there_is_not_is_one_line():
    said = command("completion", "ksh", code=2)
    assert "ksh" in said
    assert said.count("\n") == 1
