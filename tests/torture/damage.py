"""Files of every kind that the program reads, spoiled before they are read."""

import io
import json
import os
import random
import shutil
import struct
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.torture.belongings import GENERATIVE, RUNS, TRAINED, Belongings
from tests.torture.ledger import Tried
from tests.torture.promise import broken
from tests.torture.sandbox import Place, command, run

LIMIT = 60.0
"""Seconds of computing in which a reader must end."""
DATA = os.environ.get("APICAL_DATA")
"""Where there may be whole files to spoil; small imitations are made where there are none."""


def tries(rng: random.Random, place: Path, belongings: Belongings) -> Iterator[Tried]:
    """One file spoiled, and one command that reads it."""
    subject, where = rng.choice(SUBJECTS), Place(place)
    subject.prepare(where, belongings)
    spoiled = rng.choice(sorted(subject.files(where)))
    note = f"{spoil(spoiled, rng)} {spoiled.relative_to(where.work)}"
    argv = rng.choice(subject.readers)
    belongings.bring(argv, where)
    ended = run(command(argv), where, LIMIT)
    found = broken(ended) + ["does not end in time"] * ended.late
    yield Tried(subject.name, argv, ended, found, note)


# What is spoiled


@dataclass(frozen=True)
class Subject:
    """Files of one kind, and the commands that read them."""

    name: str
    prepare: Callable[[Place, Belongings], None]
    """Puts them below `subject`."""
    readers: list[list[str]]

    def files(self, place: Place) -> list[Path]:
        return [path for path in (place.work / "subject").rglob("*") if path.is_file()]


def _owned(name: str) -> Callable[[Place, Belongings], None]:
    return lambda place, belongings: belongings.copy(name, place.work / "subject")


def _image(name: str) -> Callable[[Place, Belongings], None]:
    return lambda place, belongings: belongings.copy(name, place.work / "subject" / name)


def _run(name: str) -> Subject:
    readers = [
        ["evaluate", "subject"],
        ["evaluate", "subject", "--network", "best"],
        ["attack", "subject", "--examples", "20", "--eps", "0.1"],
        ["attack", "subject", "--examples", "20", "--eps", "0.1", "--transfer-from", name],
        ["plot", "subject", name, "--out", "figure.png"],
        [*RUNS[name], "--resume", "--out", "subject"],
        [*RUNS[name], "--overwrite", "--out", "subject"],
        ["predict", "subject", "grey.png"],
    ]
    return Subject("run", _owned(name), readers)


def _generative(name: str) -> Subject:
    readers = [
        ["generate", "sample", "subject", "--count", "4"],
        ["generate", "sample", "subject", "--network", "best", "--out", "numbers.npy"],
        ["generate", "inpaint", "subject", "--missing", "scattered", "--out", "numbers.npy"],
        ["generate", "evaluate", "subject", "--samples", "20"],
        ["generate", "evaluate", "subject", "--samples", "20", "--classifier", "runs/digits"],
        ["plot", "subject", name, "--out", "figure.png"],
        [*RUNS[name], "--resume", "--out", "subject"],
        [*RUNS[name], "--overwrite", "--out", "subject"],
        ["evaluate", "subject"],
    ]
    return Subject("generative run", _owned(name), readers)


FASHION = [
    f"{part}-{what}-ubyte.gz"
    for part in ("train", "t10k")
    for what in ("images-idx3", "labels-idx1")
]
BATCHES = [*(f"data_batch_{n}.bin" for n in range(1, 6)), "test_batch.bin"]


def _data(folder: str) -> Callable[[Place, Belongings], None]:
    """Data sets in the folder of a variable: fashion-mnist's files, whole if the user has them, and
    an archive that is not the one it should be."""

    def prepare(place: Place, belongings: Belongings) -> None:
        root = place.work / "subject"
        place.environment[folder] = str(root)
        idx = root / "fashion-mnist"
        idx.mkdir(parents=True)
        for name in FASHION:
            if DATA and (whole := Path(DATA, "fashion-mnist", name)).exists():
                (idx / name).symlink_to(whole)
            else:
                (idx / name).write_bytes(struct.pack(">II", 0x801, 6) + bytes(range(6)))
        archive = root / "cifar-10" / "cifar-10-binary.tar.gz"
        archive.parent.mkdir()
        with tarfile.open(archive, "w:gz") as tar:
            for name in BATCHES:
                member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
                member.size = 3073
                tar.addfile(member, io.BytesIO(bytes(3073)))

    return prepare


def _data_set(folder: str) -> Subject:
    few = ["--epochs", "1", "--steps-per-epoch", "2", "--hidden", "4"]
    readers = [["data", "list"], ["data", "verify"]]
    for name in ("fashion-mnist", "cifar-10"):
        readers += [["data", "verify", name], ["train", "bp", "--data", name, *few]]
    return Subject(folder, _data(folder), readers)


SEARCHED = RUNS["search"]
REPRODUCED = RUNS["reproduction"]
SUBJECTS = (
    *map(_run, TRAINED),
    *map(_generative, GENERATIVE),
    Subject(
        "search",
        _owned("search"),
        [
            [*SEARCHED, "--out", "subject"],
            [*SEARCHED, "--trials", "3", "--out", "subject"],
            ["sensitivity", "subject", "search", "--out", "figure.png"],
        ],
    ),
    Subject(
        "reproduction",
        _owned("reproduction"),
        [[*REPRODUCED, "--out", "subject"], [*REPRODUCED, "--dry-run", "--out", "subject"]],
    ),
    _data_set("APICAL_DATA"),
    _data_set("APICAL_CACHE"),
    *(
        Subject("image", _image(name), [["predict", "runs/digits", f"subject/{name}", "grey.png"]])
        for name in ("grey.png", "colour.jpg")
    ),
)


# How it is spoiled


def spoil(path: Path, rng: random.Random) -> str:
    """Spoil a file; how. A link becomes a copy first."""
    if path.is_symlink():
        whole = path.resolve()
        path.unlink()
        shutil.copyfile(whole, path)
    ways = [*WAYS]
    if path.suffix in (".json", ".jsonl"):
        ways += 6 * [node]
    if path.suffix == ".csv":
        ways += 6 * [_cell]
    way = rng.choice(ways)
    way(path, rng)
    return way.__name__.strip("_")


def _cut(path: Path, rng: random.Random) -> None:
    os.truncate(path, rng.randrange(max(1, path.stat().st_size)))


def _flipped(path: Path, rng: random.Random) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice((1, 1, 8, 64)) if data else 0):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def _zeros(path: Path, rng: random.Random) -> None:
    """As after a power cut: the size is right, the end was never written."""
    size = path.stat().st_size
    os.truncate(path, rng.randrange(max(1, size)))
    os.truncate(path, size)


def _doubled(path: Path, rng: random.Random) -> None:
    path.write_bytes(2 * path.read_bytes())


def _empty(path: Path, rng: random.Random) -> None:
    path.write_bytes(b"")


TEXTS = ("\n", "x", "é\n", "{}", "[]", "null", "1", '{"a": 1}', "[bold]", "a,b\n1")


def _text(path: Path, rng: random.Random) -> None:
    path.write_text(rng.choice(TEXTS))


def _binary(path: Path, rng: random.Random) -> None:
    path.write_bytes(rng.randbytes(rng.choice((1, 100, 10_000))))


def _folder(path: Path, rng: random.Random) -> None:
    path.unlink()
    path.mkdir()


def _gone(path: Path, rng: random.Random) -> None:
    path.unlink()


def _gone_with_its_folder(path: Path, rng: random.Random) -> None:
    shutil.rmtree(path.parent)


def _dangling(path: Path, rng: random.Random) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def _loop(path: Path, rng: random.Random) -> None:
    path.unlink()
    path.symlink_to(path.name)


WAYS: tuple[Callable[[Path, random.Random], None], ...] = (
    _cut, _cut, _flipped, _flipped, _zeros, _doubled, _empty, _text, _binary, _folder, _gone,
    _gone_with_its_folder, _dangling, _loop,
)  # fmt: skip

ODD: tuple[Any, ...] = (
    None, True, -1, 0, 3.5, 1e308, float("nan"), 10**30, "", "x", [], {}, [1], {"a": 1},
    {"type": "FA"},
)  # fmt: skip


def node(path: Path, rng: random.Random) -> None:
    """Something else in one place of a JSON file, or nothing."""
    lines = path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]
    at = rng.randrange(len(lines))
    data = json.loads(lines[at])
    node, key = rng.choice(list(_nodes(data)))
    if rng.random() < 0.3:
        del node[key]
    else:
        node[key] = rng.choice(ODD)
    lines[at] = json.dumps(data)
    path.write_text("\n".join(lines) + "\n")


def _nodes(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with each of its keys."""
    keys = data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    for key in keys:
        yield data, key
        yield from _nodes(data[key])


def _cell(path: Path, rng: random.Random) -> None:
    """Something else in one cell of a table."""
    rows = [line.split(",") for line in path.read_text().splitlines()]
    row = rng.choice(rows)
    row[rng.randrange(len(row))] = rng.choice(["", "x", "nan", "-1", "1e999", "1,2", '"'])
    path.write_text("".join(",".join(row) + "\n" for row in rows))
