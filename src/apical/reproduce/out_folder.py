"""The folder given to `--out` of `apical reproduce` belongs to one paper."""

from pathlib import Path

from apical.errors import UsageError
from apical.runs.writing import write_whole

OURS = {"runs", "figures", "runs.csv", "env.json", ".lock"}
OURS |= {"claims.json", "claims.md", "coverage.md"}


def reserve(out: Path, paper: str) -> None:
    """Note in the folder `out`, which exists, that it is this paper's.

    Raises `UsageError` if it is another paper's, or holds what no reproduction has written.
    """
    note = out / ".paper"
    foreign = sorted(path.name for path in out.iterdir() if path.name not in OURS)
    if not note.exists() and foreign:
        raise UsageError(
            f"out: {out} holds no reproduction but other files ({foreign[0]}, ...); "
            "choose a new or an empty folder"
        )
    owner = note.read_text().strip() if note.exists() else ""
    if owner not in ("", paper):
        raise UsageError(
            f"out: {out} holds the reproduction of {owner}, whose claims and figures {paper} would "
            "overwrite; choose another --out"
        )
    write_whole(note, f"{paper}\n")
