"""Searches of before the first release, which kept their trials in an Optuna study.

Such a study is an SQLite file; Python reads it without Optuna. It is never written: what goes on
from it is kept as `tuning.folder` says.
"""

import json
import math
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from apical.errors import DataError, UsageError
from apical.runs.folder import completed
from apical.tuning.space import draw
from apical.tuning.trial import Trial
from apical.values.ranges import Range
from apical.values.value import parse

FILE = "study.sqlite3"


def read(path: Path) -> tuple[dict[str, Any], list[Trial]]:
    """What a search was asked for, and its trials by number.

    Raises `DataError` for a file that is no such study.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as file:
            return _read(file)
    except (sqlite3.Error, ValueError, TypeError, KeyError, AttributeError, UsageError) as error:
        reason = " ".join(str(error).split())
        raise DataError(
            f"{path}: expected the study of a search, cannot read it ({type(error).__name__}: "
            f"{reason}); restore the file, or choose another folder"
        ) from None


def _read(file: sqlite3.Connection) -> tuple[dict[str, Any], list[Trial]]:
    stored = "SELECT value_json FROM study_user_attributes WHERE key = 'protocol'"
    ((protocol,),) = file.execute(stored).fetchall()
    config = completed(json.loads(protocol))
    space = {name: parse(Range, span) for name, span in config["space"].items()}
    ended = (
        "SELECT trials.trial_id, number, value_json FROM trials JOIN trial_user_attributes "
        "USING (trial_id) WHERE key = 'diverged' ORDER BY number"
    )
    scores = (
        "SELECT step, intermediate_value FROM trial_intermediate_values "
        "WHERE trial_id = ? ORDER BY step"
    )
    trials = []
    for key, number, diverged in file.execute(ended).fetchall():
        curve = {
            int(epoch): math.nan if score is None else float(score)
            for epoch, score in file.execute(scores, (key,))
        }
        drawn = draw(space, config["seed"], number)
        trials.append(Trial(number, drawn, curve, json.loads(diverged)))
    return config, trials
