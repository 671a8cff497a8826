"""`python -m tests.mutants [WORD...]` plants those whose names hold a word (all, if none is given).

Two at a time, in copies of src/; exits with 1 if any survives.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

from tests.mutants import MUTANTS
from tests.mutants.planting import is_caught


def main(words: list[str]) -> int:
    """Plant the defects, print a line each, and give the exit code."""
    chosen = [m for m in MUTANTS if not words or any(word in m.name for word in words)]
    survivors = 0
    with ThreadPoolExecutor(2) as pool:
        for mutant, caught in zip(chosen, pool.map(is_caught, chosen), strict=True):
            print(f"{'caught  ' if caught else 'SURVIVED'}  {mutant.name}", flush=True)
            survivors += not caught
    print(f"{len(chosen) - survivors} of {len(chosen)} caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
