"""The listener that writes a CSV file, a row an epoch."""

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from apical.errors import UsageError
from apical.runs.writing import append_whole, told, write_whole
from apical.training.events import Epoch, Event, Started
from apical.training.listeners.scalars import scalars
from apical.training.listeners.spec import ListenerSpec

FIRST = ("run", "learner", "data", "seed", "epoch")
"""The columns that say whose epoch a row is."""


class CSV(ListenerSpec):
    """A row an epoch in a file, which other runs may have written to before: `csv:FILE`.

    The first columns are the run's name, what is trained, the data set, seed and epoch; epoch 0 is
    before the first step. What an epoch has no number of is empty. A run that is resumed has its
    rows there once.
    """

    file: str

    def create(self, out):
        return Writer(Path(self.file))


class Writer:
    """Writes rows of a run to a file. Raises `UsageError` if it holds no such rows."""

    def __init__(self, path: Path):
        self._path = path
        self._columns: list[str] = []
        self._about: dict[str, Any] = {}
        self._read()

    def __call__(self, event: Event) -> None:
        match event:
            case Started():
                self._about = {
                    "run": event.run[:12],
                    "learner": event.about["spelled"],
                    "data": event.about["data"],
                }
                # What a session before this one wrote counts as far as the run has it.
                others = [row for row in self._read() if row["run"] != self._about["run"]]
                self._write([*others, *map(self._row, event.rows)])
            case Epoch():
                row = self._row(event.row)
                if row.keys() <= set(self._columns):
                    append_whole(self._path, self._lines([row]))
                else:
                    self._write([*self._read(), row])

    def _row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {**self._about, "seed": row["seed"], "epoch": row["epoch"], **scalars(row)}

    def _read(self) -> list[dict[str, str]]:
        with told(self._path):
            text = self._path.read_text(errors="replace") if self._path.exists() else ""
        rows = csv.DictReader(io.StringIO(text))
        if text and tuple(rows.fieldnames or ())[: len(FIRST)] != FIRST:
            raise UsageError(
                f"csv: {self._path} holds something else than epochs of runs; name another file"
            )
        return [*rows]

    def _write(self, rows: list[dict[str, Any]]) -> None:
        """Have these rows and no others in the file."""
        self._columns = [*dict.fromkeys([*FIRST, *(name for row in rows for name in row)])]
        write_whole(self._path, f"{','.join(self._columns)}\n{self._lines(rows)}")

    def _lines(self, rows: Iterable[Mapping[str, Any]]) -> str:
        text = io.StringIO()
        csv.DictWriter(text, self._columns, lineterminator="\n").writerows(rows)
        return text.getvalue()
