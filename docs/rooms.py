"""The rooms of src/apical and who imports whom, read from the source.

`python docs/rooms.py` draws docs/rooms.svg. An arrow that other arrows imply is left out.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "apical"
PICTURE = Path(__file__).with_name("rooms.svg")

ROOMS = {
    "errors": "mistakes in one line",
    "values": "what configurations are made of",
    "data": "data sets, preprocessing",
    "networks": "layers, losses, targets",
    "measurements": "ranks, saturation, Gauss-Newton",
    "settings": "everything a run may be asked for",
    "feedback": "weights that signals travel through",
    "rules": "how credit is assigned",
    "runs": "folders, checkpoints, statistics",
    "jobs": "processes, clusters",
    "diagnostics": "alignment with backpropagation",
    "audit": "what rules read, against their claims",
    "training": "learner, stream, loop, model",
    "testing": "laws for rules of your own",
    "export": "models as files",
    "sklearn": "estimators of scikit-learn",
    "generative": "inference, samples, likelihood",
    "adversarial": "attacks, masking",
    "tuning": "random search",
    "report": "figures and labels",
    "comparison": "equal tuning, budgets, differences",
    "reproduce": "claims and verdicts",
    "papers": "a folder a paper",
    "page": "all of it on one page",
    "cli": "a command a file",
}
"""From low to high: a room imports from itself and from those before it."""


def modules() -> dict[str, Path]:
    """Every module of the package, by its dotted name."""
    named = {}
    for path in SOURCE.rglob("*.py"):
        parts = path.relative_to(SOURCE.parent).with_suffix("").parts
        named[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return named


def imported(path: Path, known: dict[str, Path], *, late: bool) -> Iterator[str]:
    """The modules of the package that a file imports; `late`: within functions too."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree) if late else _at_import(tree.body):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found = full if full in known else node.module
                if found in known:
                    yield found
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)


def _at_import(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """What is executed when a module is imported, without what only type checkers see."""
    for node in body:
        typing_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        if not typing_only and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
            yield from _at_import(
                [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.stmt)]
            )


def room(module: str) -> str | None:
    """The room of a module; None for the package itself and its `__main__`."""
    first = module.removeprefix("apical").removeprefix(".").partition(".")[0]
    return first if first in ROOMS else None


def arrows() -> dict[str, set[str]]:
    """The rooms that each room imports from."""
    known = modules()
    found: dict[str, set[str]] = {name: set() for name in ROOMS}
    for module, path in known.items():
        if (here := room(module)) is not None:
            there = {room(name) for name in imported(path, known, late=True)}
            found[here] |= {name for name in there if name is not None} - {here}
    return found


def needed(arrows: dict[str, set[str]]) -> dict[str, set[str]]:
    """The arrows without those that others imply."""
    reach: dict[str, set[str]] = {}
    for name in ROOMS:
        reach[name] = arrows[name].union(*(reach[below] for below in arrows[name]))
    return {
        name: {b for b in below if not any(b in reach[other] for other in below - {b})}
        for name, below in arrows.items()
    }


def described(arrows: dict[str, set[str]]) -> str:
    """The picture in words, which it carries with it."""
    return "; ".join(f"{name}: {', '.join(sorted(arrows[name]))}" for name in ROOMS)


def draw() -> None:
    """Write the picture: a room stands above all that it imports from."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot as plt

    shown = needed(arrows())
    height: dict[str, int] = {}
    for name in ROOMS:
        height[name] = 1 + max((height[below] for below in shown[name]), default=-1)
    levels = [[n for n in ROOMS if height[n] == h] for h in range(max(height.values()) + 1)]
    place = {
        name: (4.4 * (i - (len(level) - 1) / 2), 1.25 * h)
        for h, level in enumerate(levels)
        for i, name in enumerate(level)
    }
    plt.rcParams["svg.hashsalt"] = "rooms"
    widest = max(map(len, levels))
    figure, axis = plt.subplots(figsize=(3.4 * widest + 1, 0.95 * len(levels) + 0.4))
    box = {"boxstyle": "round,pad=0.45", "facecolor": "#eef3fb", "edgecolor": "#4a6fa5"}
    for name, (x, y) in place.items():
        label = f"$\\bf{{{name}}}$\n{ROOMS[name]}"
        axis.text(x, y, label, ha="center", va="center", fontsize=9, bbox=box, zorder=3)
        for below in shown[name]:
            bend = 0.0 if height[name] - height[below] == 1 else 0.18
            axis.annotate(
                "",
                xy=(place[below][0], place[below][1] + 0.36),
                xytext=(x, y - 0.36),
                zorder=1,
                arrowprops={
                    "arrowstyle": "-|>",
                    "color": "#7a8797",
                    "connectionstyle": f"arc3,rad={bend}",
                },
            )
    xs, ys = zip(*place.values(), strict=True)
    axis.set(xlim=(min(xs) - 2, max(xs) + 2), ylim=(min(ys) - 0.6, max(ys) + 0.6))
    axis.axis("off")
    metadata = {"Date": None, "Description": described(shown)}
    figure.savefig(PICTURE, bbox_inches="tight", metadata=metadata)


if __name__ == "__main__":
    draw()
