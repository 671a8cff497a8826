"""Make what `apical reproduce` left in a folder a paper's committed results.

`python -m apical.reproduce.publish PAPER OUT [PROTOCOL] [--records]` judges every claim by the runs
in OUT and takes claims, list of runs, figures and tables; `--records` the runs themselves, without
their weights. What is not the paper's protocol goes into a folder of its own.
"""

import sys
from pathlib import Path

from apical.errors import ApicalError
from apical.reproduce import paper
from apical.reproduce.readme import rewrite, text_of
from apical.reproduce.reproduction import Reproduction
from apical.runs.writing import write_whole


def publish(name: str, out: Path, protocol: str = "paper", *, records: bool = False) -> None:
    """Copy the outcome of the runs of `protocol` and bring the paper's README up to date.

    **Arguments:**

    - `name`: the paper's.
    - `out`: what was given to `--out` of `apical reproduce`.
    - `records`: whether to record the runs too, in place of older records of theirs.

    **Raises:** `UsageError` for a paper or a protocol that there is not, and for an installed
    package, which has no README to bring up to date.
    """
    chosen = paper.read(name)
    text_of(chosen)
    finished = Reproduction(chosen, protocol, out)
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
    name, out, *rest = sys.argv[1:]
    protocols = [word for word in rest if not word.startswith("--")]
    try:
        publish(name, Path(out), *protocols, records="--records" in rest)
    except ApicalError as error:
        sys.exit(f"apical: {error}")
