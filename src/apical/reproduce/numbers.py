"""Numbers in a paper's prose, tied to its runs by a comment that Markdown does not show.

A comment right before a number says what it is, and the number is written by
`python -m apical.reproduce.readme PAPER`:

```
an error of <!-- continuous-dtp best error% -->2.31 ± .56 %, <!-- continuous-dtp seeds -->3 seeds
```

In a comment stand a term (or two with a minus between them: their difference, paired by seed), a
metric, and possibly a unit. `quick/continuous-dtp` is a run of another protocol than that of the
README's table. A number keeps its decimals, its ± or lack of it, and its way to write .5 or 0.5.
"""

import re
import statistics
from collections.abc import Callable, Mapping

from apical.errors import UsageError, unknown
from apical.reproduce.evidence import AT_BEST_VALIDATION, Evidence
from apical.runs.statistics import half_width

NUMBER = r"[-+]?\d*\.?\d+"
TIED = re.compile(rf"<!-- ([^>]+?) -->({NUMBER})(?:(\s±\s)({NUMBER}))?")
METRICS = {"best": AT_BEST_VALIDATION, "last": "test_accuracy"}
"""Short names: the test accuracy at the best validation epoch and at the last epoch."""
UNITS: dict[str, Callable[[float], float]] = {
    "": lambda value: value,
    "%": lambda value: 100 * value,
    "error%": lambda accuracy: 100 * (1 - accuracy),
}


def filled(text: str, evidence: Mapping[str, Evidence], protocol: str) -> str:
    """The text with every tied number as the runs say.

    **Arguments:**

    - `evidence`: the runs of each protocol.
    - `protocol`: the one that is meant where a comment names none.

    **Raises:** `UsageError` for a comment that names no runs, or no metric of theirs.
    """

    def write(match: re.Match[str]) -> str:
        said, number, between, spread = match.groups()
        values = _values(said, evidence, protocol)
        mean = _like(number, statistics.fmean(values))
        if spread is None:
            return f"<!-- {said} -->{mean}"
        if len(values) < 2:
            raise UsageError(f"README.md: {said!r} has one seed, which has no ±; take it away")
        return f"<!-- {said} -->{mean}{between}{_like(spread, half_width(values))}"

    return TIED.sub(write, text)


def _values(said: str, evidence: Mapping[str, Evidence], protocol: str) -> list[float]:
    """One of each seed."""
    terms, minus, rest = said.partition(" - ")
    words = (rest if minus else said).split()
    if not 2 <= len(words) <= 3:
        raise UsageError(
            f"README.md: a number is tied by `TERM METRIC [UNIT]`, or `TERM - TERM METRIC [UNIT]`, "
            f"found {said!r}"
        )
    last, metric, unit = (*words, "")[:3]
    if unit not in UNITS:
        raise UsageError(f"README.md, {said!r}: " + unknown("unit", unit, [*UNITS][1:]))
    found = [
        _of_term(term, metric, evidence, protocol) for term in ([terms, last] if minus else [last])
    ]
    shared = sorted(set.intersection(*map(set, found)))
    if not shared:
        raise UsageError(f"README.md: {said!r} names no finished runs; see records.jsonl.xz")
    units = [[UNITS[unit](values[seed]) for seed in shared] for values in found]
    return [a - b for a, b in zip(*units, strict=True)] if minus else units[0]


def _of_term(
    term: str, metric: str, evidence: Mapping[str, Evidence], protocol: str
) -> Mapping[int, float]:
    named, slash, experiment = term.rpartition("/")
    chosen = named if slash else protocol
    if chosen not in evidence:
        return {}
    runs = evidence[chosen]
    seeds = {run.config["seed"]: run for run in runs.runs(experiment.partition("@")[0])}
    if metric == "seeds":
        return dict.fromkeys(seeds, len(seeds))
    if metric == "epochs":
        return {seed: run.rows[-1]["epoch"] for seed, run in seeds.items()}
    return runs.at(experiment, METRICS.get(metric, metric))


def _like(number: str, value: float) -> str:
    """The value with the decimals, the sign and the leading zero of what stands there."""
    decimals = len(number.partition(".")[2])
    sign = "+" if number.startswith("+") else ""
    written = f"{value:{sign}.{decimals}f}"
    return re.sub(r"^([-+]?)0\.", r"\1.", written) if re.match(r"[-+]?\.", number) else written
