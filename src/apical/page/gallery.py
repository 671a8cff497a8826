"""Everything that is committed: each paper's results and records, and the audit of all rules."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from apical.page.sources import PICTURES, Run, Source
from apical.reproduce import paper
from apical.reproduce.paper import Paper
from apical.reproduce.records import Records
from apical.runs.folder import completed
from apical.runs.reading import RunData

AUDIT = Path(__file__).parents[3] / "docs" / "audit.json"
"""Of the repository; an installed package lacks it, and the results of papers."""


def committed() -> list[Source]:
    """A source for each paper's protocol that has results or records, and one for the audit."""
    sources = [s for name in paper.names() for s in of_paper(paper.read(name))]
    if AUDIT.exists():
        sources.append(Source("audit of all rules", audits=[AUDIT]))
    return sources


def of_paper(asked: Paper) -> list[Source]:
    """A source for each protocol of a paper that has results or records."""
    sources = []
    places = {"paper": asked.results, "quick": asked.results / "quick"}
    for protocol, folder in places.items():
        source = Source(
            f"{asked.name}, {protocol} protocol",
            runs=_recorded(asked.records, protocol),
            command=f"apical reproduce {asked.name} --protocol {protocol} --out runs/{asked.name}",
            experiments=True,
        )
        if (folder / "claims.json").exists():
            source.claims.append((folder / "claims.json", asked.name))
        if folder.is_dir():
            found = sorted(folder.iterdir())
            pictures = [path for path in found if path.suffix in PICTURES]
            source.images += [(f"{source.title}: {path.name}", path) for path in pictures]
        if not source.empty:
            sources.append(source)
    return sources


def _recorded(records: Records, protocol: str) -> list[Run]:
    return [
        _run(Path(name.experiment) / f"seed-{name.seed}", records.files(name))
        for name in records.names(protocol)
    ]


def _run(path: Path, files: Mapping[str, Any]) -> Run:
    config = {"together": [], **completed(files["config.json"])}
    data = RunData(path, config, files.get("initial.jsonl", []), files.get("metrics.jsonl", []))
    told = (files.get(f"{name}.json", {}) for name in ("summary", "env", "attacks"))
    return Run(data, *told)
