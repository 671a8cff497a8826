"""The folder given to `--out` of `apical reproduce` belongs to one paper."""

from pathlib import Path

from apical.errors import UsageError
from apical.runs.writing import write_whole

OURS = {"runs", "figures", "runs.csv", "env.json", ".lock", ".cluster"}
OURS |= {"claims.json", "claims.md", "coverage.md"}


def reserve(out: Path, paper: str) -> None:
    """Note in the folder `out`, which exists, that it is this paper's.

    Raises `UsageError` if it is another paper's, holds what no reproduction has written, or has a
    note that is damaged.
    """
    note = out / ".paper"
    foreign = sorted(path.name for path in out.iterdir() if path.name not in OURS)
    if not note.exists() and foreign:
        raise UsageError(
            f"out: {out} holds no reproduction but other files ({foreign[0]}, ...); "
            "choose a new or an empty folder"
        )
    owner = _owner(note)
    if owner not in ("", paper):
        raise UsageError(
            f"out: {out} holds the reproduction of {owner}, whose claims and figures {paper} would "
            "overwrite; choose another --out"
        )
    write_whole(note, f"{paper}\n")


def _owner(note: Path) -> str:
    """The paper that a note names; empty without one."""
    try:
        return note.read_text().strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{note}: expected the name of the paper whose reproduction lies there, found other "
            f"content ({type(error).__name__}); delete it if you know the paper, or choose another "
            "--out"
        ) from None
