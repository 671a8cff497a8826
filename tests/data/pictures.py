"""Small folders and tar files of images, for tests."""

import io
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ("n01", "n02", "n03")
SIZE = 12


def jpeg(seed: int, rows: int = SIZE, columns: int = SIZE, mode: str = "RGB", **how) -> bytes:
    """A smooth random image as a file."""
    coarse = np.random.default_rng(seed).integers(0, 256, (3, 3, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((columns, rows), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    image.convert(mode).save(file, **{"format": "JPEG", "quality": 95, **how})
    return file.getvalue()


def folder(root: Path, train: int = 10, val: int = 4, size: int = SIZE) -> Path:
    """`train/<class>/*.JPEG` and `val/<class>/*.JPEG`, so many of each class."""
    for label, name in enumerate(CLASSES):
        for split, count in (("train", train), ("val", val)):
            for number in range(count):
                path = root / split / name / f"{name}_{number}.JPEG"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(jpeg(1000 * label + number + 100 * (split == "val"), size, size))
    return root


def tar(path: Path, files: dict[str, bytes]) -> Path:
    """A plain tar file of these members."""
    with tarfile.open(path, "w") as archive:
        for name, raw in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))
    return path


def files_of(root: Path) -> dict[str, bytes]:
    """All files below a folder, by their paths in it."""
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}
