"""Writes the page: what was found, filled into one template."""

import base64
import json
from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from apical.errors import UsageError
from apical.page import tables
from apical.page.gallery import committed
from apical.page.groups import Group, groups_of, points_for, thinned
from apical.page.sources import PICTURES, Source, find
from apical.runs.statistics import half_width
from apical.runs.writing import write_whole

HERE = Path(__file__).parent
MOST_IMAGES = 6_000_000
"""Bytes of images on a page; those beyond are named, not shown."""
IMAGE_TYPES = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg"}


def write(
    paths: Sequence[Path | str], out: Path | str = "page.html", *, all_papers: bool = False
) -> Path:
    """Write one HTML page of runs and of what was made of them; `out`.

    The page needs no server and no network. It has a table of the runs, curves over the epochs,
    alignment by layer, comparisons, judged claims, audits, attacks, images, configurations, the
    commands that make the runs, and their environments: each where there is some.

    **Arguments:**

    - `paths`: folders of runs, or folders with such in them; of comparisons, attacks and
      reproductions; images; files named audit.json, as `apical audit --json` prints them.
    - `out`: the page.
    - `all_papers`: add all that is committed of every paper, and the audit of all rules.

    **Raises:** `UsageError` if there is nothing to show, or for a damaged file; `WriteError` if the
    page cannot be written.

    !!! example

        >>> import apical
        >>> _ = apical.fit("fa", "iris", epochs=2, batch_size=10, out="runs/fa")
        >>> page = write(["runs"], "page.html")
        >>> page.name, "fa" in page.read_text()
        ('page.html', True)
    """
    if not paths and not all_papers:
        raise UsageError("report: name at least one folder of runs, or ask for --all-papers")
    sources = [find(Path(path)) for path in dict.fromkeys(map(str, paths))]
    sources += committed() if all_papers else []
    out = Path(out)
    write_whole(out, html(sources))
    return out


def html(sources: Sequence[Source]) -> str:
    """The page's text. Raises as `write`, but for what concerns its file."""
    groups = [group for source in sources for group in groups_of(source)]
    attacked = tables.attacked(groups, [path for s in sources for path in s.attacks])
    points = points_for(groups)
    claims = [tables.claims(*file, s.title) for s in sources for file in s.claims]
    shown, left_out = _images(dict(image for s in sources for image in s.images))
    audited = tables.audit(path for s in sources for path in s.audits)
    longest = max((len(c[0]) for g in groups for c in g.curves.values()), default=0)
    return _template().render(
        version=version("apical"),
        sources=sources,
        counts=(
            (len(groups), "row of runs", "rows of runs"),
            (sum(len(source.runs) for source in sources), "run", "runs"),
            (sum(len(s.comparisons) for s in sources), "comparison", "comparisons"),
            (
                sum(len(each.rows) for each in claims),
                "claim or aim judged",
                "claims and aims judged",
            ),
            (0 if audited is None else len(audited.rows), "rule audited", "rules audited"),
            (len(attacked), "run under attack", "runs under attack"),
        ),
        rows=[_row(i, group) for i, group in enumerate(groups)],
        comparisons=[tables.comparison(path) for s in sources for path in s.comparisons],
        claims=claims,
        verdicts=sum((Counter(c.verdicts) for c in claims), Counter()),
        audit=audited,
        attacked=attacked,
        images=shown,
        images_left_out=left_out,
        configurations=[_configurations(s, groups) for s in sources if s.runs],
        commands=_commands(groups),
        environments=_environments(groups),
        unread=[line for source in sources for line in source.unread],
        thinned=points if longest > points else None,
        data=_data(groups, attacked, points),
        css=_text("vendored/uPlot.min.css") + _text("page.css"),
        script=_text("page.js"),
        uplot=_text("vendored/uPlot.iife.min.js"),
    )


@cache
def _text(name: str) -> str:
    return (HERE / name).read_text()


def _template():
    # Everything is escaped but what the template itself marks as its own code.
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
    return environment.get_template("page.html.jinja")


def _row(number: int, group: Group) -> dict[str, Any]:
    """The cells of a run in the table: a text and a number to sort by."""
    seconds = group.seconds
    epochs = group.epochs
    return {
        "id": number,
        "label": group.label,
        "folder": group.folder,
        "source": group.source,
        "cells": [
            _word(group.data),
            _word(group.configuration.get("hidden", "")),
            (str(len(group.seeds)), len(group.seeds)),
            _word("" if not epochs else _span(epochs), epochs[-1] if epochs else None),
            *(_score(group, split) for split in ("val", "test")),
            ("", None) if seconds is None else (f"{seconds:.3g}", seconds),
            _word(group.status),
        ],
    }


def _word(text: str, key: Any = None) -> tuple[str, Any]:
    return text, key


def _span(numbers: list[int]) -> str:
    low, high = numbers[0], numbers[-1]
    return str(low) if low == high else f"{low} to {high}"


def _score(group: Group, split: str) -> tuple[str, float | None]:
    values = group.scores(split)
    if not values:
        return "", None
    mean = sum(values) / len(values)
    if group.target is not None:
        return f"{tables.percent(mean, half_width(values))} %", mean
    half = half_width(values)
    return f"{mean:.2f}" + ("" if half != half else f" ± {half:.2f}"), mean


def _data(groups: list[Group], attacked: list[tables.Attacked], points: int) -> dict[str, Any]:
    """What the curves are drawn from. Epochs are listed once for all curves that share them."""
    names = list(dict.fromkeys(name for group in groups for name in group.curves))
    listed = []
    for group in groups:
        epochs: list[list[int]] = []
        curves = {}
        for name, curve in group.curves.items():
            x, mean, half = thinned(curve, points)
            if x not in epochs:
                epochs.append(x)
            curves[names.index(name)] = [epochs.index(x), mean, half]
        listed.append(
            {
                "label": group.label,
                "source": group.source,
                "hue": group.hue,
                "n": len(group.seeds),
                "epochs": epochs,
                "curves": curves,
            }
        )
    return {
        "metrics": names,
        "groups": listed,
        "attacks": [{"label": each.label, "lines": each.lines} for each in attacked],
    }


def _images(named: dict[str, Path]) -> tuple[list[dict[str, str]], list[str]]:
    """Images as data URIs, and the names of those for which there was no room."""
    shown, left_out, room = [], [], MOST_IMAGES
    for name, path in named.items():
        content = path.read_bytes()
        kind = path.suffix.lower()
        if not content.startswith(PICTURES[kind]):
            left_out.append(f"{name} (no image)")
        elif 4 * len(content) / 3 > room:
            left_out.append(name)
        else:
            text = base64.b64encode(content).decode()
            room -= len(text)
            shown.append({"name": name, "uri": f"data:image/{IMAGE_TYPES[kind]};base64,{text}"})
    return shown, left_out


def _configurations(source: Source, groups: list[Group]) -> dict[str, Any]:
    """Fields in which the runs of a source differ, and those that all share."""
    own = [group for group in groups if group.source == source.title]
    names = dict.fromkeys(name for group in own for name in group.configuration)
    values = {name: [group.configuration.get(name, "") for group in own] for name in names}
    differing = [name for name in names if len(set(values[name])) > 1]
    return {
        "title": source.title,
        "heading": ["run", *differing],
        "rows": [
            [group.label, *(values[name][i] for name in differing)] for i, group in enumerate(own)
        ],
        "shared": {name: values[name][0] for name in names if name not in differing},
    }


def _commands(groups: list[Group]) -> list[dict[str, Any]]:
    """Each command once, with the runs that it makes."""
    found: dict[str, list[str]] = {}
    for group in groups:
        for command in group.commands:
            found.setdefault(command, []).append(group.label)
    return [{"command": command, "runs": runs} for command, runs in found.items()]


def _environments(groups: list[Group]) -> list[dict[str, Any]]:
    """Each environment once, with how many runs were made in it."""
    counted: Counter[str] = Counter()
    for group in groups:
        for run in group.runs:
            told = {key: value for key, value in run.environment.items() if key != "seed"}
            counted[json.dumps(told, sort_keys=True)] += 1
    return [{"runs": n, "told": _flat(json.loads(text))} for text, n in counted.most_common()]


def _flat(tree: dict[str, Any]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat |= {f"{key} {name}": text for name, text in _flat(value).items()}
        elif value is not None:
            flat[key] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return flat
