"""`apical completion SHELL`: a script by which a shell completes commands, options and values."""

import contextlib
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Annotated, Literal

import tyro

from apical.cli.support import terminal

Shell = Literal["bash", "zsh", "fish"]
OPTION = re.compile(r"(?:-h, )?(--[a-z][\w-]*)(?:, (--no-[\w-]+))?(?: (.*))?")
NAME = re.compile(r"[a-z][\w.+-]*")
LISTED = re.compile(r"  (\S+) +\S.*")
"""A line of an overview: a name, and what it is."""
HEADS = {
    "bash": "# in ~/.bashrc: source <(apical completion bash)",
    "zsh": "# in ~/.zshrc, after compinit: source <(apical completion zsh)",
    "fish": "# apical completion fish > ~/.config/fish/completions/apical.fish",
}


def main(args: list[str]) -> None:
    terminal.call(completion, args, "apical completion")


def completion(shell: Annotated[Shell, tyro.conf.Positional]) -> None:
    """Print the shell's script, made for what is installed now; rules of your own included.

    In ~/.bashrc: source <(apical completion bash). In ~/.zshrc, after compinit: source <(apical
    completion zsh). For fish: apical completion fish > ~/.config/fish/completions/apical.fish. A
    file is quicker than asking each time: apical completion bash > ~/.apical-completion.bash.

    Args:
        shell: Whose script.
    """
    scripts: dict[str, Callable[[Words], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
    print(f"{HEADS[shell]}\n{scripts[shell](gathered())}", end="")


@dataclass
class Words:
    """What may come next, by what came before."""

    first: list[str]
    """Commands."""
    second: dict[str, list[str]] = field(default_factory=dict)
    """Rules, subcommands or papers, by the command."""
    options: dict[str, list[str]] = field(default_factory=dict)
    """By the command, with its second word where that has some: `train fa`."""
    values: dict[str, list[str]] = field(default_factory=dict)
    """By the command and an option, or the command alone for what has none: `train --loss`."""

    def take(self, key: str, text: str) -> None:
        """The options that a help text shows, each with the names that it takes."""
        command = key.partition(" ")[0]
        found = self.options.setdefault(key, [])
        for cell in re.split(r" *[│|\n] *|  +", text):  # of boxes side by side
            if (match := OPTION.fullmatch(cell)) is None:
                continue
            found += [option for option in match.groups()[:2] if option]
            if (names := re.match(r"\{([^}]*)\}", match[3] or "")) is not None:
                fit = [name for name in names[1].split(",") if NAME.fullmatch(name)]
                if fit:
                    self.values[f"{command} {match[1]}"] = fit


@cache
def gathered() -> Words:
    """All of it, read from what each command's --help says."""
    from apical.cli.main import COMMANDS
    from apical.data.sources import SOURCES

    words = Words([*COMMANDS, "--help", "--version"])
    for command in COMMANDS:
        text = _help(command)
        if text.rstrip().endswith("shows its options."):  # as `terminal.pick` prints it
            listed = [match[1] for line in text.splitlines() if (match := LISTED.fullmatch(line))]
            words.second[command] = listed
            for second in listed:
                words.take(f"{command} {second}", _help(command, second))
        else:
            words.take(command, text)
    for command in {key.partition(" ")[0] for key in words.options}:
        if any("--data" in words.options[key] for key in words.options if _of(command, key)):
            words.values[f"{command} --data"] = [*SOURCES]
    for command in ("compare", "audit", "rules"):
        words.values[command] = words.second["train"]
    words.values["data"] = [*SOURCES]
    words.values["completion"] = [*HEADS]
    return words


def _of(command: str, key: str) -> bool:
    return key == command or key.startswith(f"{command} ")


def _help(*args: str) -> str:
    """What `apical ARGS --help` prints, without a line broken."""
    text = io.StringIO()
    module = import_module(f"apical.cli.{args[0]}")
    with contextlib.redirect_stdout(text), contextlib.suppress(SystemExit), terminal.wide():
        module.main([*args[1:], "--help"])
    return text.getvalue()


def _cases(words: Words) -> list[tuple[str, list[tuple[str, str]]]]:
    """The tables as variables of a shell, each with its keys and words."""
    # What no table knows as a second word is a rule of the user's: it has what others have.
    shared = {
        command: [*dict.fromkeys(o for k, v in words.options.items() if _of(command, k) for o in v)]
        for command in words.second
    }
    tables = {
        "second": words.second,
        "options": words.options | shared,
        "values": words.values,
    }
    return [
        (name, [(key, " ".join(found)) for key, found in table.items()])
        for name, table in tables.items()
    ]


def _functions(words: Words) -> str:
    """Of bash and zsh: `_apical_TABLE KEY` sets `found`."""
    lines = []
    for name, cases in _cases(words):
        lines += [f"_apical_{name}() {{", '  case "$1" in']
        lines += [f"    '{key}') found='{known}' ;;" for key, known in cases]
        lines += ["    *) found='' ;;", "  esac", "}"]
    return "\n".join(lines)


def _bash(words: Words) -> str:
    return f"""{_functions(words)}
_apical() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" command="${{COMP_WORDS[1]}}" found='' key option='' i
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    found='{" ".join(words.first)}'
  else
    _apical_second "$command"
    if [ "$COMP_CWORD" -gt 2 ] || [ -z "$found" ]; then
      key="$command"
      if [ -n "$found" ]; then
        key="$command ${{COMP_WORDS[2]}}"
      fi
      for ((i = 2; i < COMP_CWORD; i++)); do
        case "${{COMP_WORDS[i]}}" in --*) option="${{COMP_WORDS[i]}}" ;; esac
      done
      case "$current" in
        -*) _apical_options "$key"; if [ -z "$found" ]; then _apical_options "$command"; fi ;;
        *) _apical_values "$command${{option:+ $option}}" ;;
      esac
    fi
  fi
  if [ -n "$found" ]; then
    COMPREPLY=($(compgen -W "$found" -- "$current"))
  fi
}}
complete -o default -F _apical apical
"""


def _zsh(words: Words) -> str:
    return f"""{_functions(words)}
_apical() {{
  local current="${{words[CURRENT]}}" command="${{words[2]}}" found='' key option='' i
  if (( CURRENT == 2 )); then
    found='{" ".join(words.first)}'
  else
    _apical_second "$command"
    if (( CURRENT > 3 )) || [[ -z "$found" ]]; then
      key="$command"
      if [[ -n "$found" ]]; then
        key="$command ${{words[3]}}"
      fi
      for ((i = 3; i < CURRENT; i++)); do
        case "${{words[i]}}" in --*) option="${{words[i]}}" ;; esac
      done
      case "$current" in
        -*) _apical_options "$key"; if [[ -z "$found" ]]; then _apical_options "$command"; fi ;;
        *) _apical_values "$command${{option:+ $option}}" ;;
      esac
    fi
  fi
  if [[ -n "$found" ]]; then
    compadd -- ${{=found}}
  else
    _files
  fi
}}
compdef _apical apical
"""


def _fish(words: Words) -> str:
    lines = []
    for name, cases in _cases(words):
        lines += [f"function __apical_{name}", "  switch $argv[1]"]
        for key, known in cases:
            lines += [f"    case '{key}'", f"      string split -- ' ' '{known}'"]
        lines += ["  end", "end"]
    functions = "\n".join(lines)
    return f"""{functions}
function __apical
  set -l before (commandline -opc)
  set -l current (commandline -ct)
  set -l count (count $before)
  set -l found
  if test $count -eq 1
    set found {" ".join(words.first)}
  else
    set -l command $before[2]
    set found (__apical_second $command)
    if test $count -gt 2; or test -z "$found"
      set -l key $command
      if test -n "$found"
        set key "$command $before[3]"
      end
      set -l asked $command
      for word in $before[3..-1]
        if string match -q -- '--*' $word
          set asked "$command $word"
        end
      end
      if string match -q -- '-*' $current
        set found (__apical_options $key)
        if test -z "$found"
          set found (__apical_options $command)
        end
      else
        set found (__apical_values $asked)
      end
    end
  end
  if test -n "$found"
    printf '%s\\n' $found
  else
    __fish_complete_path $current
  end
end
complete -c apical -f -a '(__apical)'
"""
