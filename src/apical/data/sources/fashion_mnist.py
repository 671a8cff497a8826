"""Photographs of clothing, in MNIST's format."""

from apical.data.download import Hosted, SingleFile
from apical.data.preprocessing import Scale
from apical.data.source import VerifiedSource
from apical.data.sources.mnist import arrange
from apical.data.verified_files import KnownFile

FILES = (
    KnownFile("train-images-idx3-ubyte", 47_040_016, "f4a8712d7a061bf5bd6d2ca38dc4d50a"),
    KnownFile("train-labels-idx1-ubyte", 60_008, "9018921c3c673c538a1fc5bad174d6f9"),
    KnownFile("t10k-images-idx3-ubyte", 7_840_016, "8181f5470baa50b63fa0f6fddb340f0a"),
    KnownFile("t10k-labels-idx1-ubyte", 10_008, "15d484375f8d13e6eb1aabb0c3f46965"),
)
MIRRORS = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
)

SOURCE = VerifiedSource(
    name="fashion-mnist",
    about="H. Xiao, K. Rasul, R. Vollgraf; Zalando SE; MIT",
    shape=(28, 28),
    sizes=(55_000, 5_000, 10_000),
    classes=(
        "t-shirt",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    ),
    preprocessing=Scale(255.0),
    origin=Hosted(
        tuple(SingleFile(file, tuple(f"{m}{file.name}.gz" for m in MIRRORS)) for file in FILES)
    ),
    arrange=arrange,
)
