"""Runs, a search, a paper and images that command lines may name: made once, then copied."""

import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from tests.torture.sandbox import Place, command, run

SMALL = ["--epochs", "2", "--steps-per-epoch", "2", "--hidden", "5", "--batch-size", "20"]
RUNS = {
    "runs/digits": ["train", "fa", "--data", "digits", "--seeds", "2", *SMALL],
    "runs/twin": ["train", "bp", "--data", "digits", *SMALL],
    "runs/iris": ["train", "dfa", "--data", "iris", *SMALL],
    "runs/local": [
        "train", "fa", "--data", "digits", "--net", "lc:3x3,2,s2", "fc:4,sign",
        *SMALL[:4], *SMALL[6:],
    ],
    "runs/two": ["train", "associative-stdp", "--data", "iris", "--classes", "0", "2", *SMALL],
    "runs/made": [
        "generate", "train", "--data", "digits", "--seeds", "2", *SMALL[:4], "--hidden", "6", "4",
    ],
    "runs/rows": [
        "generate", "train", "--data", "iris", "--visible", "identity", *SMALL,
    ],
    "search": ["search", "bp", "--data", "digits", "--trials", "2", *SMALL],
    "reproduction": [
        "reproduce", "local-stdp", "--protocol", "smoke", "--only", "accuracy-iris-0v2",
        "--jobs", "1",
    ],
}  # fmt: skip
TRAINED = [name for name in RUNS if RUNS[name][0] == "train"]
GENERATIVE = [name for name in RUNS if RUNS[name][0] == "generate"]
IMAGES = ("grey.png", "colour.jpg", "clear.png")
LIMIT = 300.0


class Belongings:
    """A folder of them."""

    names = (*RUNS, *IMAGES)

    def __init__(self, path: Path):
        self._place = Place(path)
        for out, argv in RUNS.items():
            ended = run(command([*argv, "--out", out]), self._place, LIMIT)
            if ended.code:
                raise RuntimeError(f"cannot make {out}: {ended.err}")
        self._draw_images(self._place.work)

    def bring(self, argv: list[str], place: Place) -> None:
        """Copy those that the command line names."""
        for name in self.names:
            if any(name in word for word in argv):
                self.copy(name, place.work / name)

    def copy(self, name: str, to: Path) -> None:
        """Copy one of them."""
        source = self._place.work / name
        if source.is_dir():
            shutil.copytree(source, to)
        else:
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, to)

    @staticmethod
    def _draw_images(folder: Path) -> None:
        pixels = np.arange(8 * 8 * 4, dtype=np.uint8).reshape(8, 8, 4)
        for name, image in zip(
            IMAGES, (pixels[..., 0], pixels[..., :3], pixels), strict=True
        ):  # of one, three and four channels
            Image.fromarray(image).save(folder / name)
