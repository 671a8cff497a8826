"""The `apical` command: finds the subcommand and prints a user's mistake without a traceback.

Each subcommand is a module with `main(args)`, imported only when it is asked
for, so that `apical --help` does not wait for JAX.
"""

import _thread
import os
import sys
import threading
from importlib import import_module
from importlib.metadata import version

from apical.errors import ApicalError, UsageError, unknown

COMMANDS = {
    "train": "train a network by a rule: apical train fa --data mnist",
    "search": "hyper-parameters by random draws, chosen on validation: apical search dtp",
    "sensitivity": "how the error of searches is spread over their draws",
    "compare": "train several rules on equal terms: apical compare bp fa dfa",
    "evaluate": "losses and scores of a finished run",
    "attack": "accuracy of a finished run under adversarial inputs, and whether to believe it",
    "predict": "classify images with a finished run",
    "reproduce": "a paper's claims and figures from our own runs",
    "plot": "draw the curves of one or several runs",
    "data": "list, verify and locate the data sets",
}


def main(arguments: list[str] | None = None) -> None:
    """Entry point; exits with 2 for wrong usage, 1 for other failures, 130 for Ctrl-C."""
    args = sys.argv[1:] if arguments is None else arguments
    lose_no_interrupt()
    try:
        if not args or args[0] in ("-h", "--help"):
            print(_overview())
        elif args[0] == "--version":
            print(f"apical {version('apical')}")
        elif args[0] not in COMMANDS:
            raise UsageError(unknown("command", args[0], COMMANDS))
        else:
            _keep_compiled_programs()
            import_module(f"apical.cli.{args[0]}").main(args[1:])
    except ApicalError as error:
        print(f"apical: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        print(f"apical: {error.filename}: {error.strerror}; choose another path", file=sys.stderr)
        sys.exit(1)
    except RuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        print(
            "apical: out of memory; make the layers or batch_size smaller, or run less beside it",
            file=sys.stderr,
        )
        sys.exit(1)
    except KeyboardInterrupt:
        print("apical: interrupted", file=sys.stderr)
        sys.exit(130)


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


def _keep_compiled_programs() -> None:
    """Let JAX keep what it compiles, so that a command starts sooner the second time.

    JAX reads these variables when it is imported; processes started later inherit them.
    """
    from apical.data.folders import cache_folder

    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache_folder() / "xla"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")


def _overview() -> str:
    lines = [
        "usage: apical COMMAND ...",
        "",
        "Learning deep networks without, or with less of, backpropagation.",
        "",
        *(f"  {name:<10} {what}" for name, what in COMMANDS.items()),
        "",
        "`apical COMMAND --help` tells more; `apical --version` the version.",
    ]
    return "\n".join(lines)
