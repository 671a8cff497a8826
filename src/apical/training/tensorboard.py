"""The listener that writes TensorBoard events, one series a seed."""

import math
import time
from pathlib import Path
from typing import Any

from apical.errors import UsageError
from apical.runs.writing import told
from apical.training.events import Epoch, Event, Finished


class TensorBoard:
    """Scalars of every epoch; alignment as one scalar a layer.

    They are written here and now, not by the thread of tensorboardX's `SummaryWriter`: on a full
    disk that thread ends with a traceback, and training waits for it for ever.

    Raises `UsageError` without tensorboardX, and, called, `WriteError` if the folder cannot be
    written to.
    """

    def __init__(self, folder: Path):
        try:
            import tensorboardX  # noqa: F401
        except ImportError:
            raise UsageError(
                "tensorboard: tensorboardX is not installed; pip install 'apical[tensorboard]'"
            ) from None
        self._folder = folder
        self._file: Any = None

    def __call__(self, event: Event) -> None:
        match event:
            case Epoch():
                with told(self._folder):
                    if self._file is None:
                        self._file = _events(self._folder)
                    for name, value in event.metrics.items():
                        self._write(f"seed-{event.seed}/{name}", value, event.number)
                    self._file.flush()
            case Finished() if self._file is not None:
                self._file.close()

    def _write(self, tag: str, value, step: int) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                self._write(f"{tag}/{name}", inner, step)
        elif isinstance(value, list):
            for l, inner in enumerate(value, start=1):
                self._write(f"{tag}/layer-{l}", inner, step)
        elif value is not None and math.isfinite(value):  # as metrics.jsonl has null for others
            from tensorboardX.proto.event_pb2 import Event as Record
            from tensorboardX.summary import scalar

            record = Record(wall_time=time.time(), step=step, summary=scalar(tag, value))
            self._file.write_event(record)


def _events(folder: Path):
    """A new file of events in the folder."""
    from tensorboardX.event_file_writer import EventsWriter

    folder.mkdir(parents=True, exist_ok=True)
    return EventsWriter(str(folder / "events"))
