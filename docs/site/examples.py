"""Examples of docstrings as blocks of code: an extension of griffe, which reads docstrings."""

import griffe


class Examples(griffe.Extension):
    """Put each doctest between fences, since Markdown takes `>>>` for quotations."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)


def fenced(text: str) -> str:
    """The text with its doctests as blocks of code.

    >>> fenced("    >>> 1 + 1\\n    2").splitlines()
    ['    ```pycon', '    >>> 1 + 1', '    2', '    ```']
    """
    lines, inside = [], ""
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        if not inside and line.lstrip().startswith(">>> "):
            inside = indent + "```"
            lines.append(inside + "pycon")
        elif inside and not line.strip():
            lines.append(inside)
            inside = ""
        lines.append(line)
    return "\n".join([*lines, inside] if inside else lines)
