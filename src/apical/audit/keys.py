"""Rules that draw at random read in one minibatch what they do not read in another.

So where a step's key matters, weights are changed under many keys.
"""

from apical.audit.points import Leaves, Points
from apical.audit.tags import KEY, WEIGHTS, Tag

KEYS = 64
"""What happens in one minibatch of ten is missed with a probability of .9^64 = .001."""


def under_many(points: Points, point: Leaves, tags: tuple[Tag, ...]) -> list[Leaves]:
    """The point under many keys."""
    return [points.drawn(point, tags.index(Tag(KEY)), k) for k in range(KEYS)]


def read_anew(tags: tuple[Tag, ...]) -> list[int]:
    """The numbers of the tags that are changed under every key: weights of now, but for layer 1."""
    return [
        number
        for number, tag in enumerate(tags)
        if tag.kind == WEIGHTS and tag.moment == "now" and tag.layer > 1
    ]
