"""What our searches tried and found, by network, method and round.

```
searched-trials.csv  every trial: what was drawn, its best validation accuracy and the epoch of it
searched-best.json   the configuration of the best trial, as in a run's config.json
```
The first round, `draws`, trains random draws for a few epochs; `final` trains the best of them anew
and for longer, and what it finds is what Table 1 runs with.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from apical.networks.targets import Label
from apical.runs.writing import write_whole
from apical.tuning import Trial, trial_from_row, trial_row

FOLDER = Path(__file__).parent
TRIALS, BEST = "searched-trials.csv", "searched-best.json"
DRAWS, FINAL = "draws", "final"
PLACE = ("setup", "method", "round")
LAST = (Label().metric("val"), "epoch")
"""The columns at the end; those of hyper-parameters stand before them."""


def trials(setup: str, method: str, round: str = DRAWS) -> list[Trial]:
    """The trials of a round, in their order; of each curve its best score alone."""
    here = [row for row in _rows() if _place(row) == (setup, method, round)]
    # A column that is empty belongs to other methods.
    drawn = [{k: v for k, v in row.items() if v and k not in PLACE} for row in here]
    return [trial_from_row(row, Label()) for row in drawn]


def methods(setup: str) -> list[str]:
    """The methods that were searched on a network."""
    return sorted({row["method"] for row in _rows() if row["setup"] == setup})


def winner(setup: str, method: str, round: str = FINAL) -> Mapping[str, Any] | None:
    """The configuration of the best trial, None where there was no such round."""
    return _winners().get(setup, {}).get(method, {}).get(round)


def keep(
    setup: str, method: str, round: str, trials: Sequence[Trial], best: Mapping[str, Any]
) -> None:
    """Store a round in place of an older one of the same name."""
    place = (setup, method, round)
    rows: list[dict[str, Any]] = [row for row in _rows() if _place(row) != place]
    ours = dict(zip(PLACE, place, strict=True))
    rows = sorted([*rows, *(ours | trial_row(trial, Label()) for trial in trials)], key=_place)
    columns = dict.fromkeys(key for row in rows for key in row)
    columns = dict.fromkeys([*(name for name in columns if name not in LAST), *LAST])
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(FOLDER / TRIALS, text.getvalue())

    found = _winners()
    found.setdefault(setup, {}).setdefault(method, {})[round] = best
    write_whole(FOLDER / BEST, json.dumps(found, indent=2) + "\n")


def _rows() -> list[dict[str, str]]:
    path = FOLDER / TRIALS
    if not path.exists():
        return []
    with path.open() as file:
        return list(csv.DictReader(file))


def _place(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["setup"], row["method"], row["round"]


def _winners() -> dict[str, Any]:
    path = FOLDER / BEST
    return json.loads(path.read_text()) if path.exists() else {}
