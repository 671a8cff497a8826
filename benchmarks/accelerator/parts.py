"""A file in parts, for where only so much may be carried at once."""

import hashlib
import json
from pathlib import Path

SIZE = 55 * 2**20
"""Bytes of a part."""


class DamagedError(Exception):
    """A part, or the whole, is not what was split."""


def split(file: Path, folder: Path, size: int = SIZE) -> Path:
    """Write the parts of a file and a list of them with their checksums; the path of the list."""
    folder.mkdir(parents=True, exist_ok=True)
    parts: list[dict[str, str]] = []
    whole = hashlib.sha256()
    with file.open("rb") as source:
        while piece := source.read(size):
            name = f"{file.name}.part-{len(parts):03d}"
            (folder / name).write_bytes(piece)
            whole.update(piece)
            parts.append({"name": name, "sha256": hashlib.sha256(piece).hexdigest()})
    listed = folder / f"{file.name}.parts.json"
    content = {"name": file.name, "sha256": whole.hexdigest(), "parts": parts}
    listed.write_text(json.dumps(content, indent=1) + "\n")
    return listed


def join(listed: Path, folder: Path) -> Path:
    """The file whose parts lie beside the list, made in `folder`.

    Raises `DamagedError`, naming the part, if one is missing or has another checksum.
    """
    content = json.loads(listed.read_text())
    pieces, whole = [], hashlib.sha256()
    for part in content["parts"]:
        path = listed.with_name(part["name"])
        if not path.exists():
            raise DamagedError(f"{path}: not found; carry it too")
        piece = path.read_bytes()
        if hashlib.sha256(piece).hexdigest() != part["sha256"]:
            raise DamagedError(f"{path}: is not what was split; carry it again")
        pieces.append(piece)
        whole.update(piece)
    if whole.hexdigest() != content["sha256"]:
        raise DamagedError(f"{listed}: its parts make another file than was split; split it again")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / content["name"]
    file.write_bytes(b"".join(pieces))
    return file
