"""Make what `apical reproduce` left in a folder a paper's committed results.

`python -m apical.reproduce.publish PAPER OUT [PROTOCOL] [--records]` judges every claim by the runs
in OUT and takes claims, list of runs, figures and tables; `--records` the runs themselves, without
their weights. What is not the paper's protocol goes into a folder of its own.
"""

import shutil
import sys
from pathlib import Path

from apical.reproduce import paper
from apical.reproduce.readme import rewrite
from apical.reproduce.reproduction import conclude, runs_folder


def publish(name: str, out: Path, protocol: str = "paper", *, records: bool = False) -> None:
    """Copy the outcome of the runs of `protocol` and bring the paper's README up to date."""
    chosen = paper.read(name)
    conclude(chosen, protocol, out)
    to = chosen.results if protocol == "paper" else chosen.results / protocol
    to.mkdir(parents=True, exist_ok=True)
    outcome = [out / file for file in ("claims.json", "runs.csv", "env.json")]
    shown = [f for kind in ("png", "md", "csv") for f in (out / "figures").glob(f"*.{kind}")]
    for file in (*outcome, *shown):
        shutil.copyfile(file, to / file.name)
    if records:
        chosen.records.keep(protocol, runs_folder(out, protocol))
    rewrite(chosen)


if __name__ == "__main__":
    name, out, *rest = sys.argv[1:]
    protocols = [word for word in rest if not word.startswith("--")]
    publish(name, Path(out), *protocols, records="--records" in rest)
