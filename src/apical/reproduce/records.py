"""Records of runs: all that finished runs measured, without their weights, in one file a paper.

`records.jsonl.xz` is compressed text with a line for each run, by protocol, experiment and seed:

```
{"protocol": "quick", "experiment": "mnist-fc-bp", "seed": 0,
 "files": {"config.json": {...}, "metrics.jsonl": [{...}, ...], "summary.json": {...}}}
```

What a run's folder had comes back out of its line byte for byte. The same runs make the same
file, in whatever order they were added.
"""

import json
import lzma
import shutil
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from apical.errors import DataError, UsageError, WriteError
from apical.runs.folder import RunFolder
from apical.runs.writing import told, write_whole

PRESET = 6 | lzma.PRESET_EXTREME
"""Higher ones give the same bytes, since no paper's records fill the window of this one."""
AGAIN = "get it again, with `git checkout` or by installing apical anew"
Files = Mapping[str, Any]
"""What a run's files say, by their names: an object for .json, a list of objects for .jsonl."""


class RecordName(NamedTuple):
    """Which run a record is of."""

    protocol: str
    experiment: str
    seed: int

    def below(self, runs: Path) -> Path:
        """The run's folder, where `runs` has those of its protocol."""
        return runs / self.experiment / f"seed-{self.seed}"


class Records:
    """The recorded runs of a paper, read when they are first asked for.

    **Arguments:**

    - `path`: the file; without it there are no records.

    **Raises:** every method `DataError` if the file is damaged.

    !!! example

        >>> from apical.reproduce import paper
        >>> records = paper.read("ghost-units").records
        >>> records.names("paper")[0]
        RecordName(protocol='paper', experiment='early-ma-500-tf', seed=0)
    """

    def __init__(self, path: Path | str):
        self.path = Path(path)

    def require(self) -> None:
        """Raises `UsageError` if there is no file of records."""
        if not self.path.exists():
            raise UsageError(
                f"{self.path}: not found, so that there is nothing recorded to begin with; an "
                "installed package leaves out the largest records: put the repository's there, or "
                "run without --recorded"
            )

    def names(self, protocol: str | None = None) -> list[RecordName]:
        """The runs there are, in order; None: of every protocol."""
        return [name for name in self._all() if protocol in (None, name.protocol)]

    def files(self, name: RecordName) -> Files:
        """What a run's files say. Raises `UsageError` if there is no such run."""
        if name not in self._all():
            raise UsageError(
                f"{self.path}: has no run {name.experiment} seed {name.seed} of the protocol "
                f"{name.protocol}; its `names` are those it has"
            )
        return self._all()[name]

    def unpack(self, name: RecordName, folder: Path) -> None:
        """Make the run's folder as it was, whole or not at all, in place of an older one.

        Raises `WriteError` if that is impossible.
        """
        files, part = self.files(name), folder.with_name(f"{folder.name}.part")
        run = RunFolder(part)
        try:
            with told(folder):
                shutil.rmtree(part, ignore_errors=True)
                part.mkdir(parents=True)
                for file, content in files.items():
                    run.keep(file, content) if file.endswith(".jsonl") else run.write(file, content)
                shutil.rmtree(folder, ignore_errors=True)
                part.rename(folder)
        except WriteError:
            shutil.rmtree(part, ignore_errors=True)
            raise

    def bring(self, protocol: str, runs: Path) -> int:
        """Unpack the runs of a protocol that the folder `runs` lacks; how many."""
        missing = [name for name in self.names(protocol) if not name.below(runs).exists()]
        for name in missing:
            self.unpack(name, name.below(runs))
        return len(missing)

    def keep(self, protocol: str, runs: Path) -> int:
        """Add the runs in the folder `runs` that ended, in place of older records of theirs.

        A run that diverged has ended too: it is an outcome. Returns how many were added. The other
        records stay as they are.
        """
        found = {
            RecordName(protocol, path.parent.name, int(seed)): _read_run(path)
            for path in runs.glob("*/seed-*")
            if (seed := path.name.removeprefix("seed-")).isdigit()
            and (RunFolder(path).finished or RunFolder(path).diverged)
        }
        if found:
            self._write({**self._all(), **found})
        return len(found)

    def _all(self) -> Mapping[RecordName, Files]:
        if not self.path.exists():
            return {}
        return _read(self.path, self.path.stat().st_mtime_ns)

    def _write(self, records: Mapping[RecordName, Files]) -> None:
        lines = (
            json.dumps({**name._asdict(), "files": dict(sorted(records[name].items()))}) + "\n"
            for name in sorted(records)
        )
        write_whole(self.path, lzma.compress("".join(lines).encode(), preset=PRESET))


def _read_run(folder: Path) -> Files:
    run = RunFolder(folder)
    return {
        **{path.name: run.read(path.name) for path in folder.glob("*.json")},
        **{path.name: run.rows(path.name) for path in folder.glob("*.jsonl")},
    }


@lru_cache(maxsize=8)
def _read(path: Path, changed: int) -> Mapping[RecordName, Files]:
    """The records in the file as it was written at the time `changed`."""
    stream = lzma.LZMADecompressor(lzma.FORMAT_XZ)
    try:
        text = stream.decompress(path.read_bytes())
    except lzma.LZMAError as error:
        raise DataError(f"{path}: expected the records of runs, {error}; {AGAIN}") from None
    if not stream.eof or stream.unused_data:
        raise DataError(f"{path}: expected the records of runs, found a part of them; {AGAIN}")
    records = {}
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            name, files = _record(line)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise DataError(
                f"{path}, line {number}: expected an object with protocol, experiment, seed and "
                f"files, found {line[:40].decode(errors='replace')!r}; {AGAIN}"
            ) from None
        records[name] = files
    return records


def _record(line: bytes) -> tuple[RecordName, Files]:
    stored = json.loads(line)
    files = stored.pop("files")
    name = RecordName(**stored)
    parts = (name.protocol, name.experiment, f"seed-{int(name.seed)}", *files)
    if any(Path(part).name != part for part in parts):  # nothing may lead out of its folder
        raise ValueError
    return name, files
