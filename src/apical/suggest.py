"""One wording for a name that is not among the known ones."""

import difflib
from collections.abc import Iterable


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """`optimizer: there is no 'adan'; did you mean 'adam'? Known: ...`"""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{kind}: there is no {name!r}; {hint}Known: {', '.join(names)}"
