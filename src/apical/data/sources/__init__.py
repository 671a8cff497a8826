"""The registry: a new data set is one file here and one import line below."""

# ruff: noqa: F401  (the imports are the registry)

from apical.data.source import Source
from apical.data.sources.cifar_10 import SOURCE as CIFAR_10
from apical.data.sources.digits import SOURCE as DIGITS
from apical.data.sources.fashion_mnist import SOURCE as FASHION_MNIST
from apical.data.sources.iris import SOURCE as IRIS
from apical.data.sources.mnist import SOURCE as MNIST

SOURCES: dict[str, Source] = {
    value.name: value for value in list(globals().values()) if isinstance(value, Source)
}
