"""Which image is of which class, in the layouts that image folders come in.

Training images lie in `train/<class>/`, at any depth below it, as those of ImageNet and of
Tiny-ImageNet do. Those of `val/` lie in folders of the same names, or all together beside a file
that tells their classes. Names of classes are sorted.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np

from apical.data.image_files.trees import Place, Tree
from apical.errors import DataError

IMAGES = (".jpeg", ".jpg", ".png")
"""Endings of the files that are taken for images, in small letters."""
SPLITS = ("train", "val", "test")
FEWEST = 2
"""Classes."""


class Labelled(NamedTuple):
    """Images of a split and the number of each one's class."""

    images: list[Place]
    labels: np.ndarray


class Layout(NamedTuple):
    """What a tree of images holds; a split that is not there is None."""

    classes: tuple[str, ...]
    train: Labelled
    val: Labelled | None
    test: Labelled | None


def layout(tree: Tree) -> Layout:
    """The labelled images of a tree.

    Raises `DataError`, naming folder or file, where there is no `train/`, a class has no images,
    one of `val/` or `test/` is none of training, or the file that tells classes does not fit.
    """
    while "train" not in tree.tops and len(tree.tops) == 1 and tree.tops[0] in tree.folders:
        tree = tree.below(tree.tops[0])
    if "train" not in tree.folders:
        raise DataError(
            f"{tree.where}: expected train/<class>/<image>, and perhaps val/ beside it, found "
            f"{', '.join(tree.tops[:4]) or 'nothing'}; name the folder, or the tar file, that "
            "has train/ in it"
        )
    classes = tuple(folders(tree.below("train")))
    if len(classes) < FEWEST:
        raise DataError(
            f"{tree.where / 'train'}: expected a folder for each of two classes or more, found "
            f"{', '.join(classes) or 'none'}; put the images of each class in a folder of its own"
        )
    found = {name: _split(tree, name, classes) for name in SPLITS if name in tree.folders}
    return Layout(classes, found["train"], found.get("val"), found.get("test"))


def folders(tree: Tree) -> list[str]:
    """The folders at the root of a tree."""
    return [name for name in tree.tops if name in tree.folders]


def _split(tree: Tree, name: str, classes: Sequence[str]) -> Labelled:
    within = tree.below(name)
    images = {path: place for path, place in within.files.items() if is_image(path)}
    flat = all(path.split("/")[0] not in classes for path in images)
    if name != "train" and images and flat:
        return _told(tree, name, images, classes)
    number = {folder: label for label, folder in enumerate(classes)}
    if strange := [folder for folder in folders(within) if folder not in number]:
        raise DataError(
            f"{within.where / strange[0]}: expected a class of train/ here, found one that it "
            f"lacks ({len(strange)} such); remove it, or put its training images in train/"
        )
    above = [(place, path.split("/")[0]) for path, place in images.items()]
    rows = [(place, number[folder]) for place, folder in above if folder in number]
    counts = np.bincount([label for _, label in rows], minlength=len(classes))
    empty = [c for c, count in zip(classes, counts, strict=True) if not count]
    if empty := [c for c in empty if name == "train" or c in within.folders]:
        raise DataError(
            f"{within.where / empty[0]}: expected images ({', '.join(IMAGES)}), found none "
            f"({len(empty)} such classes); put them there, or remove the class"
        )
    return _labelled(rows)


def is_image(path: str) -> bool:
    """Whether a file is taken for an image, by its name."""
    return PurePosixPath(path).suffix.lower() in IMAGES


def _told(tree: Tree, name: str, images: Mapping[str, Place], classes: Sequence[str]) -> Labelled:
    """Images that lie together, by a file that tells their classes."""
    told = next(iter(_told_by(tree, name, sorted(images))), None)
    within = tree.where / name
    if told is None:
        raise DataError(
            f"{within}: expected folders of classes, or a file that tells the class of each image "
            f"({', '.join(READERS)}), found neither; put one there"
        )
    file, of = told
    number, base = {c: label for label, c in enumerate(classes)}, PurePosixPath
    rows = []
    for path, place in images.items():
        if (class_ := of.get(base(path).name)) is None:
            raise DataError(f"{file}: expected the class of {place}, found none; {WRONG}")
        if class_ not in number:
            raise DataError(
                f"{file}: expected classes of train/, found {class_!r} for {base(path).name}; "
                f"{WRONG}"
            )
        rows.append((place, number[class_]))
    if spare := sorted(set(of) - {base(path).name for path in images}):
        raise DataError(
            f"{file}: expected an image for each of its {len(of)} lines, found none for "
            f"{spare[0]} ({len(spare)} such); {WRONG}"
        )
    return _labelled(rows)


WRONG = "use the file that belongs to these images"


def _labelled(rows: Sequence[tuple[Place, int]]) -> Labelled:
    return Labelled([place for place, _ in rows], np.array([label for _, label in rows], np.int32))


def _told_by(tree: Tree, split: str, images: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Every file that tells classes, with the class of each image by its file's name."""
    names = [PurePosixPath(path).name for path in images]
    for path, place in tree.files.items():
        within = path.split("/")[0]
        if within in SPLITS and within != split:
            continue
        for ending, reader in READERS.items():
            if path.endswith(ending):
                text = place.read().decode("utf-8", "replace")
                yield str(place), reader(text, names, tree, str(place))


Reader = Callable[[str, Sequence[str], Tree, str], dict[str, str]]


def _annotations(text: str, names: Sequence[str], tree: Tree, where: str) -> dict[str, str]:
    """Tiny-ImageNet's: a line for each image, its name and its class first."""
    lines = [line.split("\t") for line in text.splitlines() if line.strip()]
    if short := [line for line in lines if len(line) < 2]:
        raise DataError(
            f"{where}: expected a name and a class in each line, found {short[0][0][:40]!r}; "
            f"{WRONG}"
        )
    return {line[0]: line[1] for line in lines}


def _solution(text: str, names: Sequence[str], tree: Tree, where: str) -> dict[str, str]:
    """Kaggle's: columns ImageId and PredictionString, which begins with the class."""
    rows = list(csv.DictReader(io.StringIO(text)))
    try:
        return {f"{r['ImageId']}.JPEG": r["PredictionString"].split()[0] for r in rows}
    except (KeyError, IndexError, AttributeError):
        raise DataError(
            f"{where}: expected the columns ImageId and PredictionString, found "
            f"{text.splitlines()[:1]}; {WRONG}"
        ) from None


def _in_order(text: str, names: Sequence[str], tree: Tree, where: str) -> dict[str, str]:
    """A class in each line, for the images in the order of their names."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) != len(names):
        raise DataError(
            f"{where}: expected a line for each of {len(names)} images, found {len(lines)}; {WRONG}"
        )
    return dict(zip(names, lines, strict=True))


def _ground_truth(text: str, names: Sequence[str], tree: Tree, where: str) -> dict[str, str]:
    """The development kit's: a number in each line, which its meta.mat gives classes for."""
    wnids = _wnids(tree, where)
    numbers = _in_order(text, names, tree, where)
    if strange := [n for n in numbers.values() if n not in wnids]:
        raise DataError(
            f"{where}: expected numbers of the {len(wnids)} classes in meta.mat, found "
            f"{strange[0][:20]!r}; {WRONG}"
        )
    return {name: wnids[number] for name, number in numbers.items()}


def _wnids(tree: Tree, where: str) -> dict[str, str]:
    """The class of each number, from the development kit's meta.mat."""
    from scipy.io import loadmat

    place = next((place for path, place in tree.files.items() if path.endswith("meta.mat")), None)
    if place is None:
        raise DataError(
            f"{where}: expected meta.mat of the development kit with it, which tells what its "
            "numbers mean, found none; put it beside"
        )
    try:
        synsets = loadmat(io.BytesIO(place.read()), squeeze_me=True)["synsets"]
        return {
            str(int(s["ILSVRC2012_ID"])): str(s["WNID"])
            for s in synsets
            if not int(s["num_children"])
        }
    except DataError:
        raise
    except Exception as error:  # whatever the damaged part of the file happens to break
        raise DataError(
            f"{place}: expected the development kit's synsets, found damage "
            f"({type(error).__name__}: {' '.join(str(error).split())[:80]}); put a good copy there"
        ) from error


READERS: dict[str, Reader] = {
    "val_annotations.txt": _annotations,
    "LOC_val_solution.csv": _solution,
    "synset_labels.txt": _in_order,
    "validation_ground_truth.txt": _ground_truth,
}
"""Files that tell classes, by the ends of their names."""
