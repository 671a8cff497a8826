"""A folder holds the runs and claims of one paper."""

from pathlib import Path

from apical.errors import UsageError


def claim(out: Path, paper: str) -> None:
    """Note in the folder, which exists, that it is this paper's.

    Raises `UsageError` if it is another's.
    """
    note = out / ".paper"
    owner = note.read_text().strip() if note.exists() else ""
    if owner not in ("", paper):
        raise UsageError(
            f"out: {out} holds the reproduction of {owner}, whose claims and figures {paper} would "
            "overwrite; choose another --out"
        )
    note.write_text(f"{paper}\n")
