"""Pages of the reference: what is public, by the room where it is at home."""

import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from docs.site.markdown import entry

from apical.rules import RULES

ROOMS = (
    "training", "rules", "feedback", "networks", "data", "settings", "comparison", "tuning",
    "generative", "diagnostics", "measurements", "adversarial", "audit", "testing", "sklearn",
    "values", "errors",
)  # fmt: skip
"""Of the package, in the order of the pages."""


def pages() -> dict[str, str]:
    """A page for each room, by its path."""
    at_home: dict[str, dict[str, str]] = {room: {} for room in ROOMS}
    for spelled, home in _public():
        named = at_home.get(home.split(".")[1], {})
        if home not in named:
            named[home] = spelled
    return {f"reference/{room}.md": _page(room, named) for room, named in at_home.items()}


def _page(room: str, named: dict[str, str]) -> str:
    about = inspect.getdoc(import_module(f"apical.{room}")) or ""
    entries = [entry(home, 2, spelled) for home, spelled in named.items()]
    return "\n\n".join([f"# apical.{room}", about.partition("\n\n")[0], *entries]) + "\n"


def _public() -> Iterator[tuple[str, str]]:
    """How each public name is spelled, the shortest first, and where it is defined.

    Rules that are registered have pages of their own.
    """
    for place in ("apical", *(f"apical.{room}" for room in ROOMS), "apical.networks.layers"):
        module = import_module(place)
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if (home := _home(value)).startswith("apical.") and value not in RULES:
                yield f"{place}.{name}", home


def _home(value: Any) -> str:
    """The path of a class or function where it is defined; nothing of anything else."""
    known = inspect.isclass(value) or inspect.isroutine(value)
    return f"{value.__module__}.{value.__qualname__}" if known else ""
