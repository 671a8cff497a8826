"""Handwritten digits, bundled."""

from apical.data.formats.mnist import arrange
from apical.data.origins.bundled import Bundled
from apical.data.origins.content import Content
from apical.data.preprocessing import Scale
from apical.data.source import Source

CONTENTS = (
    Content("train-images-idx3-ubyte", 47_040_016, "6bbc9ace898e44ae57da46a324031adb"),
    Content("train-labels-idx1-ubyte", 60_008, "a25bea736e30d166cdddb491f175f624"),
    Content("t10k-images-idx3-ubyte", 7_840_016, "2646ac647ad5339dbf082846283269ea"),
    Content("t10k-labels-idx1-ubyte", 10_008, "27ae3e4e09519cfbb04c329615203637"),
)

SOURCE = Source(
    name="mnist",
    about="Y. LeCun, C. Cortes, C. Burges; CC BY-SA 3.0",
    shape=(28, 28),
    sizes=(55_000, 5_000, 10_000),
    classes=tuple("0123456789"),
    preprocessing=Scale(255.0),
    origin=Bundled(CONTENTS),
    arrange=arrange,
)
