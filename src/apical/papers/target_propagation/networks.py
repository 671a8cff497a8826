"""The networks of the paper's Table 2, and what each of them is trained on here."""

from dataclasses import dataclass, replace

from apical.data.augmentation import CropFlip
from apical.networks.layers import Conv, Fc, Lc
from apical.papers.target_propagation.budget import RATES, Search
from apical.settings import Settings

EPOCHS = 500
"""Of every run in the paper."""


@dataclass(frozen=True)
class Setup:
    """A column of Table 1: a network on a data set, and how much of it we can run."""

    data: str
    settings: Settings
    """Network, batch size and augmentation; methods add the rest."""
    quick_epochs: int
    quick_seeds: int
    value: float
    """Of its runs, where there is no time for all: short ones first, then those that the paper's
    conclusion rests on."""
    tuned_as: str | None = None
    """The setup whose searches serve it where it has none of its own."""
    published_as: str | None = None
    """The setup whose values of Table 5 it has; None: its own."""
    search: Search | None = None
    """In place of the methods' own searches; None: those."""

    @property
    def local(self) -> bool:
        """Whether it has locally connected layers."""
        return any(isinstance(layer, Lc) for layer in self.settings.hidden)

    @property
    def convolutional(self) -> Settings:
        """The same network with the weights of its local layers shared."""
        shared = (
            Conv(s.kernel, s.channels, s.stride, s.padding) if isinstance(s, Lc) else s
            for s in self.settings.hidden
        )
        return replace(self.settings, hidden=tuple(shared))


_MNIST = Settings(batch_size=100, record_test=True)
_CIFAR = replace(_MNIST, augmentation=CropFlip(4))

TABLE_1 = {
    "mnist-fc": Setup(
        "mnist", replace(_MNIST, hidden=(Fc(256),) * 5), quick_epochs=60, quick_seeds=3, value=4.0
    ),
    "mnist-lc": Setup(
        "mnist",
        replace(_MNIST, hidden=(Lc((3, 3), 32, 2), Lc((3, 3), 64, 2), Fc(1024))),
        quick_epochs=10,
        quick_seeds=3,
        value=1.0,
        tuned_as="mnist-fc",
    ),
    "cifar-fc": Setup(
        "cifar-10",
        replace(_CIFAR, hidden=(Fc(1024),) * 3),
        quick_epochs=5,
        quick_seeds=1,
        value=3.0,
    ),
    "cifar-lc": Setup(
        "cifar-10",
        replace(
            _CIFAR,
            hidden=(Lc((5, 5), 64, 2), Lc((5, 5), 128, 2), Lc((3, 3), 256), Fc(1024)),
        ),
        quick_epochs=5,
        quick_seeds=1,
        value=2.0,
    ),
}
"""The columns of Table 1."""

_IMAGENET = Settings(
    hidden=(
        Lc((9, 9), 48, 4), Lc((3, 3), 48, 2), Lc((5, 5), 96), Lc((3, 3), 96, 2),
        Lc((3, 3), 192), Lc((3, 3), 192, 2), Lc((3, 3), 384),
    ),
    batch_size=100,
    record_test=True,
)  # fmt: skip
_NARROW = tuple(
    Lc(s.kernel, s.channels // 3, s.stride, s.padding)
    for s in _IMAGENET.hidden
    if isinstance(s, Lc)
)

TABLE_2 = {
    "imagenet": Setup("imagenet", _IMAGENET, quick_epochs=EPOCHS, quick_seeds=1, value=0.0),
    "tiny-imagenet-part-third-width": Setup(
        "tiny-imagenet-part-14000",
        replace(_IMAGENET, hidden=_NARROW),
        quick_epochs=10,
        quick_seeds=3,
        value=6.0,
        published_as="imagenet",
        search=RATES,
    ),
    "imagenette-part": Setup(
        "imagenette-part-1400",
        replace(_IMAGENET, batch_size=20),
        quick_epochs=3,
        quick_seeds=1,
        value=7.0,
        published_as="imagenet",
    ),
}
"""The network of Table 2 on ImageNet, and on parts of it, by names that say so.

On images of 64 x 64 pixels its layers have fewer positions, and a third of its channels.
"""
SETUPS = TABLE_1 | TABLE_2
