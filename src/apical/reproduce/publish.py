"""Make what `apical reproduce` left in a folder a paper's committed results.

`python -m apical.reproduce.publish PAPER OUT [PROTOCOL] [--records] [--from FILE]` judges every
claim by the runs in OUT and takes claims, list of runs, figures and tables; `--records` the runs
themselves, without their weights. What is not the paper's protocol goes into a folder of its own.
`--from` first brings to OUT what it lacks of the runs recorded in FILE, such as the records that
another machine left.
"""

import argparse
import sys
from pathlib import Path

from apical.errors import ApicalError, UsageError
from apical.reproduce import paper
from apical.reproduce.readme import rewrite, text_of
from apical.reproduce.records import Records
from apical.reproduce.reproduction import Reproduction
from apical.runs.writing import write_whole


def publish(
    name: str,
    out: Path,
    protocol: str = "paper",
    *,
    records: bool = False,
    brought: Path | None = None,
) -> None:
    """Copy the outcome of the runs of `protocol` and bring the paper's README up to date.

    **Arguments:**

    - `name`: the paper's.
    - `out`: what was given to `--out` of `apical reproduce`.
    - `records`: whether to record the runs too, in place of older records of theirs.
    - `brought`: a file of records whose runs are brought to `out` first.

    **Raises:** `UsageError` for a paper or a protocol that there is not, and for an installed
    package, which has no README to bring up to date, and for a file of records that is not there.
    """
    chosen = paper.read(name)
    text_of(chosen)
    finished = Reproduction(chosen, protocol, out)
    if brought is not None:
        if not brought.exists():
            raise UsageError(f"{brought}: not found; name a file of records")
        Records(brought).bring(protocol, finished.runs)
    finished.conclude()
    to = chosen.results if protocol == "paper" else chosen.results / protocol
    outcome = [out / file for file in ("claims.json", "runs.csv", "env.json")]
    shown = [f for kind in ("png", "md", "csv") for f in (out / "figures").glob(f"*.{kind}")]
    for file in (*outcome, *shown):
        write_whole(to / file.name, file.read_bytes())
    if records:
        chosen.records.keep(protocol, finished.runs)
    rewrite(chosen)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m apical.reproduce.publish")
    parser.add_argument("paper")
    parser.add_argument("out", type=Path)
    parser.add_argument("protocol", nargs="?", default="paper")
    parser.add_argument("--records", action="store_true")
    parser.add_argument("--from", dest="brought", type=Path)
    asked = parser.parse_args()
    try:
        publish(
            asked.paper, asked.out, asked.protocol, records=asked.records, brought=asked.brought
        )
    except ApicalError as error:
        sys.exit(f"apical: {error}")
