"""Imports run one way, and the picture of them is that of the source."""

import html
import re

from docs import rooms

KNOWN = rooms.modules()


def test_six_modules_at_most_lie_at_the_root():
    loose = {path.name for path in rooms.SOURCE.glob("*.py")}
    assert len(loose) <= 6
    folders = {path.parent.name for path in rooms.SOURCE.glob("*/*.py")}
    assert folders | {"errors"} == set(rooms.ROOMS)


def test_a_room_imports_from_those_below_it():
    order = list(rooms.ROOMS)
    upward = []
    for module, path in KNOWN.items():
        here = rooms.room(module)
        for name in rooms.imported(path, KNOWN, late=True):
            there = rooms.room(name)
            if here is None:
                continue  # the package itself and `python -m apical`, which stand above all
            if there is None or order.index(there) > order.index(here):
                upward.append(f"{module} imports {name}")
    assert upward == []


def test_no_modules_import_each_other():
    """Depth first: an import of what is still being imported closes a circle.

    A package is imported before its modules, and may name them in its `__init__`.
    """
    graph = {
        name: {n for n in rooms.imported(path, KNOWN, late=False) if n != name}
        for name, path in KNOWN.items()
    }
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"circle: {' -> '.join((*path[path.index(name) :], name))}"
        if name not in done:
            for below in sorted(graph[name]):
                visit(below, (*path, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())


def test_the_picture_is_drawn_from_this_source():
    described = rooms.described(rooms.needed(rooms.arrows()))
    text = html.unescape(rooms.PICTURE.read_text())
    (found,) = re.findall(r"<dc:description>(.*?)</dc:description>", text, flags=re.DOTALL)
    assert " ".join(found.split()) == described, "run `python docs/rooms.py`"
