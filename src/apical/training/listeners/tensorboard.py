"""The listener that writes TensorBoard events, one series a seed."""

import time
from pathlib import Path
from typing import Any

from apical.errors import UsageError
from apical.runs.writing import told
from apical.training.events import Broken, Epoch, Event, Finished, Started
from apical.training.listeners.scalars import scalars
from apical.training.listeners.spec import ListenerSpec, needs


class TensorBoard(ListenerSpec):
    """Scalars of every epoch, a folder a run: `tensorboard:DIR`; without DIR in OUT/tensorboard.

    Names are those of metrics.jsonl after the seed, as in `seed-0/alignment/cosine/layer-1`.
    A run that is resumed writes its events anew.
    """

    name = "tensorboard"
    folder: str | None = None

    def create(self, out):
        needs("tensorboardX", "tensorboard")
        if self.folder is not None:
            return Writer(Path(self.folder), within=True)
        if out is None:
            raise UsageError("tensorboard: needs a folder; add --out, or name it: tensorboard:DIR")
        return Writer(out / "tensorboard")


class Writer:
    """Writes the scalars of a run into a folder, or `within` it into one of the run's own.

    They are written here and now, not by the thread of tensorboardX's `SummaryWriter`: on a full
    disk that thread ends with a traceback, and training waits for it for ever.

    Called, it raises `WriteError` if the folder cannot be written to.
    """

    def __init__(self, folder: Path, within: bool = False):
        self._folder, self._within = folder, within
        self._file: Any = None

    def __call__(self, event: Event) -> None:
        match event:
            case Started():
                own = f"{event.about['spelled']}-{event.run[:8]}".replace("/", "_")
                folder = self._folder / own if self._within else self._folder
                with told(folder):
                    for old in folder.glob("events.out.tfevents.*"):
                        old.unlink()
                    self._file = _events(folder)
                    for row in event.rows:
                        self._write(row)
                    self._file.flush()
            case Epoch():
                with told(self._folder):
                    self._write(event.row)
                    self._file.flush()
            case Finished() | Broken() if self._file is not None:
                self._file.close()

    def _write(self, row: dict[str, Any]) -> None:
        from tensorboardX.proto.event_pb2 import Event as Record
        from tensorboardX.summary import scalar

        for name, value in scalars(row).items():
            summary = scalar(f"seed-{row['seed']}/{name}", value)
            record = Record(wall_time=time.time(), step=row["epoch"], summary=summary)
            self._file.write_event(record)


def _events(folder: Path):
    """A new file of events in the folder."""
    from tensorboardX.event_file_writer import EventsWriter

    folder.mkdir(parents=True, exist_ok=True)
    return EventsWriter(str(folder / "events"))
