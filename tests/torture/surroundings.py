"""Odd places to run a command in: narrow terminals, other encodings, full disks, folders that are
none."""

import random

from tests.torture.sandbox import BROKEN_PIPE, Place

VARIABLES = (
    {"COLUMNS": "1"}, {"COLUMNS": "20"}, {"COLUMNS": "400"}, {"COLUMNS": "x"},
    {"FORCE_COLOR": "1"}, {"NO_COLOR": "1"}, {"TERM": "dumb"}, {"LANG": "C", "LC_ALL": "C"},
    {"APICAL_DATA": "nowhere"}, {"APICAL_DATA": "/dev/null"}, {"APICAL_DATA": "~nobody"},
    {"APICAL_CACHE": "/dev/null"}, {"APICAL_CACHE": "/proc/nowhere"}, {"HOME": "/dev/null"},
    {"HOME": "/proc/nowhere"}, {"TMPDIR": "nowhere"},
)  # fmt: skip
ENCODINGS = ("latin-1", "ascii", "cp1252")
OUTPUTS = ("/dev/full", BROKEN_PIPE)


def surround(place: Place, rng: random.Random) -> str:
    """Make a place odd in one way; which."""
    ways: list[dict[str, str] | str] = [*VARIABLES, *ENCODINGS, *OUTPUTS]
    way = rng.choice(ways)
    if isinstance(way, dict):
        place.environment.update(way)
    elif way in ENCODINGS:
        place.encoding = way
    else:
        place.output = way
    return str(way)
