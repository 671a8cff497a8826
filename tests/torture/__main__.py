"""`python -m tests.torture`: tries what it can in the given minutes; exits with 1 on findings.

With `--state` of an earlier session it goes on after it, and its counts add up.
"""

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.torture.ledger import Ledger, Tried

SHARES = {"lines": 0.5, "kills": 0.4, "damage": 0.1}
"""What part of the time each machine gets."""


def main() -> int:
    """Torture; the exit code."""
    asked = _arguments()
    os.nice(19)
    # One core, before any library makes a thread a core.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(asked.state.resolve() / "xla"))
    os.environ["MPLBACKEND"] = "agg"
    from tests.torture import sandbox

    sandbox.warm()
    if asked.replay:
        return _replay(asked.replay)
    return _session(asked)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0, help="of everything that is drawn")
    parser.add_argument("--state", type=Path, default=Path(".cache/torture"), help="a folder")
    parser.add_argument("--only", choices=SHARES, help="one machine alone")
    parser.add_argument("--replay", type=Path, help="a file of a finding to meet again")
    return parser.parse_args()


def _session(asked: argparse.Namespace) -> int:
    from tests.torture import sandbox
    from tests.torture.belongings import Belongings

    ledger, end = Ledger(asked.state), time.monotonic() + 60 * asked.minutes
    found = ledger.signatures.total()
    shares = {asked.only: 1.0} if asked.only else SHARES
    spent = dict.fromkeys(shares, 0.0)
    with sandbox.scratch() as folder:
        belongings = Belongings(folder / "belongings")
        while time.monotonic() < end:
            machine = min(shares, key=lambda name: spent[name] / shares[name])
            begin, case = time.monotonic(), ledger.cases[machine]
            for tried in _case(machine, asked.seed, case, folder, belongings):
                ledger.add(tried, machine, asked.seed, case)
                if tried.broken:
                    print(f"{machine} {case}: {'; '.join(tried.broken)}: {tried.argv}", flush=True)
            seconds = time.monotonic() - begin
            spent[machine] += seconds
            ledger.cases[machine] += 1
            ledger.seconds[machine] = ledger.seconds.get(machine, 0.0) + seconds
            ledger.write()
    print(ledger.table())
    return 1 if ledger.signatures.total() > found else 0


def _case(machine: str, seed: int, case: int, folder: Path, belongings) -> Iterator[Tried]:
    """All tries of one case, in a folder of its own. A case is what its number and the seed say."""
    from tests.torture import command_lines, damage, kills, sandbox

    tries = {"lines": command_lines.tries, "kills": kills.tries, "damage": damage.tries}[machine]
    rng = random.Random(f"{seed}/{machine}/{case}")
    with sandbox.scratch(folder) as place:
        yield from tries(rng, place, belongings)


def _replay(path: Path) -> int:
    from tests.torture import sandbox
    from tests.torture.belongings import Belongings

    found = json.loads(path.read_text())
    with sandbox.scratch() as folder:
        belongings, again = Belongings(folder / "belongings"), False
        origin = found["machine"], found["seed"], found["case"]
        for tried in _case(*origin, folder, belongings):
            again |= bool(tried.broken)
            print(tried.argv, tried.note, tried.ended.code, tried.broken)
            print(tried.ended.out, tried.ended.err, sep="\n")
    return int(again)


if __name__ == "__main__":
    sys.exit(main())
