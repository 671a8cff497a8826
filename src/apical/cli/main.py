"""The `apical` command: finds the subcommand and prints a user's mistake without a traceback.

Each subcommand is a module with `main(args)`, imported only when it is asked
for, so that `apical --help` does not wait for JAX.
"""

import _thread
import io
import os
import sys
import threading
import warnings
from contextlib import suppress
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

from apical.cli.compiled_programs import keep_compiled_programs
from apical.errors import ApicalError, UsageError, unknown
from apical.runs.writing import unwritable

COMMANDS = {
    "train": "train a network by a rule: apical train fa --data mnist",
    "search": "hyper-parameters by random draws, chosen on validation: apical search dtp",
    "sensitivity": "how the error of searches is spread over their draws",
    "compare": "train several rules on equal terms: apical compare bp fa dfa",
    "rules": "the rules, and what is known of one: apical rules dtp",
    "audit": "what rules read, need and store, measured: apical audit fa mine.py:MyRule",
    "evaluate": "losses and scores of a finished run",
    "attack": "accuracy of a finished run under adversarial inputs, and whether to believe it",
    "predict": "classify images, or the rows of a table, with a finished run",
    "export": "a trained network as a file: safetensors, stablehlo or onnx",
    "reproduce": "a paper's claims and figures from our own runs",
    "generate": "train a generative model, sample it, fill in images: apical generate train",
    "plot": "draw the curves of one or several runs",
    "report": "one page of runs, comparisons, claims and attacks: apical report runs",
    "data": "list, verify and locate the data sets",
    "completion": "tab completion for bash, zsh and fish",
}

USUAL_WARNING = warnings.formatwarning


def main(arguments: list[str] | None = None) -> None:
    """Entry point; exits with 2 for wrong usage, 1 for other failures, 130 for Ctrl-C."""
    lose_no_interrupt()
    if sys.stdout is None:  # it was closed, as by `>&-`
        sys.stdout = io.StringIO()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a file's encoding may lack letters
    warnings.formatwarning = _in_one_line
    try:
        try:
            _carry_out(sys.argv[1:] if arguments is None else arguments)
        finally:
            sys.stdout.flush()
    except UsageError as error:
        _end(2, str(error))
    except ApicalError as error:
        _end(1, str(error))
    except BrokenPipeError:
        _end(1)
    except OSError as error:
        if error.filename is not None:
            _end(1, f"{error.filename}: {error.strerror}; choose another path")
        # What writes files names them, or raises `WriteError`.
        _end(1, str(unwritable("standard output", error)))
    except RuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        _end(1, "out of memory; make the layers or batch_size smaller, or run less beside it")
    except KeyboardInterrupt:
        # JAX's warning of a slow start, say: Python would wait for it.
        for thread in threading.enumerate():
            if isinstance(thread, threading.Timer):
                thread.cancel()
        _end(130, "interrupted")


def _carry_out(args: list[str]) -> None:
    if not args or args[0] in ("-h", "--help"):
        print(_overview())
    elif args[0] == "--version":
        print(f"apical {version('apical')}")
    elif args[0] not in COMMANDS:
        raise UsageError(unknown("command", args[0], COMMANDS, "`apical --help` lists all"))
    else:
        from apical.values import extensions

        keep_compiled_programs()
        command = import_module(f"apical.cli.{args[0]}")
        extensions.load()
        command.main(extensions.named_by_file(args[1:]))


def _end(status: int, told: str | None = None) -> NoReturn:
    if told is not None:
        with suppress(OSError):
            print(f"apical: {told}", file=sys.stderr)
    try:
        sys.stdout.flush()
    except OSError:
        # Python would try again as it ends, and print that it failed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


def _in_one_line(message, category, filename, lineno, line=None) -> str:
    """A warning of our own without the line of code that it comes from."""
    if Path(__file__).parents[1] in Path(filename).parents:
        return f"apical: {message}\n"
    return USUAL_WARNING(message, category, filename, lineno, line)


def lose_no_interrupt() -> None:
    """Ask again for a Ctrl-C that met a callback, of the garbage collector for example.

    Python would print a traceback for it, and the command would go on.
    """
    usual = sys.unraisablehook

    def hear(unraisable) -> None:
        if isinstance(unraisable.exc_value, KeyboardInterrupt):
            # Asked for at once, it would meet this hook.
            again = threading.Timer(0.01, _thread.interrupt_main)
            again.daemon = True
            again.start()
        else:
            usual(unraisable)

    sys.unraisablehook = hear


def _overview() -> str:
    lines = [
        "usage: apical COMMAND ...",
        "",
        "Learning deep networks without, or with less of, backpropagation.",
        "",
        *(f"  {name:<10} {what}" for name, what in COMMANDS.items()),
        "",
        "--with FILE.py makes rules, layers and more of yours known to any command.",
        "`apical COMMAND --help` tells more; `apical --version` the version.",
    ]
    return "\n".join(lines)
