"""`python -m tests.mutants [--since REV] [WORD...]`: plant defects, see that the tests catch each.

All of them, or those whose names hold a word, or those that a change since a revision concerns.
Two at a time, in copies of src/, after the same tests have passed without a defect. Exits with 1
if any survives, or cannot be planted or tested.
"""

import argparse
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.mutants.choosing import by_file, changed_since, choose
from tests.mutants.mutant import Mutant
from tests.mutants.planting import Ran, with_defect, without_defect

AT_ONCE = 2


def main(arguments: list[str]) -> int:
    """Plant the defects, print a line each, and give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("words", nargs="*", metavar="WORD", help="what their names hold")
    parser.add_argument("--since", metavar="REV", help="those that a change since REV concerns")
    asked = parser.parse_args(arguments)
    try:
        chosen = choose(asked.words, changed_since(asked.since) if asked.since else None)
    except ValueError as error:
        parser.error(str(error))
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        unsound = [name for name in pool.map(_fails_without, by_file(chosen)) if name]
        survivors = [name for name in pool.map(_survives, chosen) if name]
    for name in unsound:
        print(f"fails or cannot run without a defect: {name}")
    for name in survivors:
        print(f"not caught: {name}")
    took = time.monotonic() - began
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} caught in {took:.0f} s")
    return 1 if unsound or survivors else 0


def _fails_without(tests: tuple[str, ...]) -> str | None:
    """The name of the tests' file, if they do not pass."""
    name = tests[0].partition("::")[0]
    return None if _said(name, "FAILS", "passes", lambda: without_defect(tests)) is False else name


def _survives(mutant: Mutant) -> str | None:
    """The defect's name, if no test fails."""
    name = mutant.name
    return None if _said(name, "caught", "SURVIVED", lambda: with_defect(mutant)) else name


def _said(name: str, failed: str, passed: str, run: Callable[[], Ran]) -> bool | None:
    """Whether a test failed, None if that cannot be told, after a line that tells it with the
    seconds of processor time it took, what failed, or why it could not run."""
    seconds, found, more = 0.0, None, ""
    try:
        ran = run()
        seconds, found = ran.seconds, ran.failed
        more = f"  ({ran.by})" if found else ""
    except (RuntimeError, ValueError) as error:
        more = f"\n{error}"
    word = {True: failed, False: passed, None: "NOT RUN"}[found]
    print(f"{word:<8} {seconds:5.1f} s  {name}{more}", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
