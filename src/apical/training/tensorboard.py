"""The listener that writes TensorBoard events, one series a seed."""

from pathlib import Path

from apical.errors import UsageError
from apical.training.events import Epoch, Event, Finished


class TensorBoard:
    """Scalars of every epoch; alignment as one scalar a layer."""

    def __init__(self, folder: Path):
        try:
            from tensorboardX import SummaryWriter
        except ImportError:
            raise UsageError(
                "tensorboard: tensorboardX is not installed; pip install 'apical[tensorboard]'"
            ) from None
        self._writer = SummaryWriter(str(folder))

    def __call__(self, event: Event) -> None:
        match event:
            case Epoch():
                for name, value in event.metrics.items():
                    self._write(f"seed-{event.seed}/{name}", value, event.number)
                self._writer.flush()
            case Finished():
                self._writer.close()

    def _write(self, tag: str, value, step: int) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                self._write(f"{tag}/{name}", inner, step)
        elif isinstance(value, list):
            for l, inner in enumerate(value, start=1):
                self._write(f"{tag}/layer-{l}", inner, step)
        elif value is not None:
            self._writer.add_scalar(tag, value, step)
