"""Data sets of image files, by name or by the folder that they lie in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from apical.data.dataset import Dataset
from apical.data.folders import folders
from apical.data.image_files.framings import AlexNet, Framing
from apical.data.image_files.kept import decoded
from apical.data.image_files.layouts import Labelled, Layout, is_image, layout
from apical.data.image_files.rows import ImageRows
from apical.data.image_files.trees import Tree, of_folder, of_tar
from apical.data.preprocessing import Normalise, Preprocessing
from apical.data.source import Copy, Damaged, Source
from apical.data.splits import Split
from apical.errors import DataError, UsageError

HELD_OUT, MOST_HELD_OUT = 0.1, 50
"""The share of a class's training images that is held out, and how many at the most."""
OFFICIAL = {"ILSVRC2012_img_train.tar": "train", "ILSVRC2012_img_val.tar": "val"}
"""ImageNet's own tar files, and the split that each is."""


@dataclass(frozen=True)
class ImageSource(Source):
    """Images in `$APICAL_DATA/<name>/` or in the cache: folders, or a tar file of them.

    Their own `val/` is the test set, unless there is `test/` too, and a validation set is drawn
    from the training images: `HELD_OUT` of each class, `MOST_HELD_OUT` at the most.

    **Arguments:**

    - `name`, `about`: as of every source.
    - `framing`: of its images, unless an experiment says otherwise.
    - `preprocessing`: its default.
    - `complete`: the images of train and val that it has when it is whole; None: any. Parts of it
      are told by their names.
    - `small`: whether all of it is decoded once, and then is an array as other sets are.
    - `at`: where it lies; None: where data sets are looked for.
    """

    name: str
    about: str
    framing: Framing
    preprocessing: Preprocessing
    complete: tuple[int, int] | None = None
    small: bool = False
    at: Path | None = None

    def load(self, seed, damaged):
        root = self._root()
        if root is None:
            raise DataError(
                f"{self.name}: not found in {' or '.join(map(str, folders(self.name)))}; put its "
                "folders, or its tar file, there, or set APICAL_DATA to a folder that has "
                f"{self.name}/"
            )
        found, left_out = _readable(layout(tree_at(root)), self.framing, damaged)
        counts = [0 if part is None else len(part.images) for part in found[1:]]
        name = self.name
        if self.complete not in (None, (counts[0], counts[1])):
            name = f"{self.name}-part-{sum(counts)}"
        train, validation, test = (self._rows(part, name) for part in _splits(found, seed))
        classes, preprocessing = found.classes, self.preprocessing
        return Dataset(name, train, validation, test, classes, preprocessing, left_out)

    def _rows(self, part: Labelled, name: str) -> Split:
        images = ImageRows.of(part.images, self.framing)
        if not self.small:
            return Split(images, part.labels)
        if len(images):
            return Split(decoded(images, name), part.labels)
        return Split(np.asarray(images), part.labels)

    def _places(self) -> list[Path]:
        """Where it is looked for, and something is."""
        looked = folders(self.name) if self.at is None else [self.at]
        return [place for place in looked if place.exists()]

    def _root(self) -> Path | None:
        return next(iter(self._places()), self.at)

    def told(self):
        sizes = "as found" if self.complete is None else f"up to {sum(self.complete)}"
        return sizes, f"{self.framing.size} x {self.framing.size} x 3", "as found"

    def copies(self):
        return [Copy(str(place), partial(_read_layout, place)) for place in self._places()]

    def is_here(self):
        return bool(self._places())

    def can_be_had(self):
        return self.is_here()

    def status(self):
        here = self._places()
        return f"found in {here[0]}" if here else "not here, put it there yourself"


FOLDER = "folder:"
"""What the name of a data set begins with that is told by its path."""


def at_path(name: str) -> ImageSource:
    """The images at a path, given as `folder:PATH`; a folder, or a tar file of one.

    Raises `UsageError` if there is no path.
    """
    if not (path := name.removeprefix(FOLDER)):
        raise UsageError(f"{name}: names no path; write {FOLDER}PATH, as in {FOLDER}~/photos")
    at = Path(path).expanduser().absolute()
    return ImageSource(f"{FOLDER}{at}", "yours", AlexNet(), Normalise(), at=at)


def _read_layout(place: Path) -> Layout:
    return layout(tree_at(place))


def tree_at(root: Path) -> Tree:
    """The files of a data set that lies at a path: a tar file, or a folder, with a tar file of all
    in it perhaps, or with ImageNet's own."""
    if root.is_file():
        return of_tar(root)
    if not root.is_dir():
        raise DataError(f"{root}: expected a folder or a tar file here, found none; name one")
    tree = of_folder(root)
    if "train" in tree.folders:
        return tree
    tars = [path for path in tree.files if path.endswith(".tar")]
    if official := [path for path in tars if Path(path).name in OFFICIAL]:
        files = {path: place for path, place in tree.files.items() if path not in official}
        inside = set(tree.folders)
        for path in official:
            split, inner = OFFICIAL[Path(path).name], of_tar(root / path)
            files |= {
                f"{split}/{p}": f._replace(name=f"{split}/{p}") for p, f in inner.files.items()
            }
            inside |= {split, *(f"{split}/{folder}" for folder in inner.folders)}
        return Tree(root, files, frozenset(inside))
    if len(tars) == 1 and not any(map(is_image, tree.files)):
        return of_tar(root / tars[0])
    return tree


def _readable(found: Layout, framing: Framing, damaged: Damaged) -> tuple[Layout, tuple[str, ...]]:
    """What is left of a layout, and the names of the images that are left out.

    Raises `DataError` if a class has no training image then.
    """
    out = set(damaged.known)
    for part in found[1:]:
        if damaged.skip and part is not None:
            out |= set(ImageRows.of(part.images, framing).damaged())
    if not out:
        return found, ()

    def whole(part: Labelled) -> Labelled:
        return _taken(part, np.array([image.name not in out for image in part.images]))

    val, test = (part and whole(part) for part in (found.val, found.test))
    left = Layout(found.classes, whole(found.train), val, test)
    counts = np.bincount(left.train.labels, minlength=len(left.classes))
    if not counts.all():
        raise DataError(
            f"train/{left.classes[int(np.argmin(counts))]}: none of its images can be decoded; put "
            "good copies there, or remove the class"
        )
    return left, tuple(sorted(out))


def _splits(found: Layout, seed: int) -> tuple[Labelled, Labelled, Labelled]:
    """Train, validation and test; what is not there is drawn from the training images."""
    train, test = found.train, found.test or found.val
    if found.test is None or found.val is None:
        train, validation = _held_out(train, seed)
    else:
        validation = found.val
    if test is None:
        train, test = _held_out(train, seed + 1)
    return train, validation, test


def _held_out(part: Labelled, seed: int) -> tuple[Labelled, Labelled]:
    """What is left, and what is drawn of each class.

    The images of the smallest raw PCG64 words are drawn, as `hold_out` does.
    """
    words = np.random.PCG64(seed).random_raw(len(part.labels))
    drawn = np.zeros(len(part.labels), bool)
    for label in np.unique(part.labels):
        of = np.flatnonzero(part.labels == label)
        count = min(MOST_HELD_OUT, round(HELD_OUT * len(of)))
        drawn[of[np.argsort(words[of], kind="stable")[:count]]] = True
    return _taken(part, ~drawn), _taken(part, drawn)


def _taken(part: Labelled, mask: np.ndarray) -> Labelled:
    images: Sequence = [image for image, kept in zip(part.images, mask, strict=True) if kept]
    return Labelled(list(images), part.labels[mask])
