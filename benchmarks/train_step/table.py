"""From raw rounds to the table: medians, ranges, ratios within a round, and the check of the losses."""

from statistics import median

TOLERANCE = 1e-3


def summarise(rounds: list[list[dict]]) -> list[dict]:
    """One row a contender. A round is one result a contender, always in the same order.

    The ratio is taken within a round (the contender's seconds over those of apical's same rule), so that
    a slow minute of the machine falls on both.
    """
    rows = []
    for index, first in enumerate(rounds[0]):
        mine = [_seconds(r[index]) for r in rounds]
        row = {k: first[k] for k in ("name", "rule", "settings")}
        row |= {"seconds": _spread(mine), "loss_after_first_epoch": first["loss_after_first_epoch"]}
        ours = [
            i
            for i, r in enumerate(rounds[0])
            if r["name"] == "apical" and r["rule"] == first["rule"]
        ]
        if ours and index not in ours:
            row["times_apical"] = _spread([m / _seconds(r[ours[0]]) for m, r in zip(mine, rounds)])
        row["contended"] = sum(r[index]["contended"] for r in rounds)
        rows.append(row)
    return rows


def disagreements(rows: list[dict]) -> list[str]:
    """Same weights, order and rule must give the same loss: what differs from the first of its rule."""
    problems, reference = [], {}
    for row in rows:
        want = reference.setdefault(row["rule"], row)
        found, wanted = row["loss_after_first_epoch"], want["loss_after_first_epoch"]
        if not abs(found - wanted) <= TOLERANCE * abs(wanted):
            problems.append(
                f"{row['rule']}: {row['name']} {found:.6f}, {want['name']} {wanted:.6f}"
            )
    return problems


def markdown(rows: list[dict]) -> str:
    lines = [
        "| rule | | settings | s/epoch, median (range) | times apical, median (range) | loss after 1 epoch |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        ratio = (
            _text(row["times_apical"])
            if "times_apical" in row
            else "1"
            if row["name"] == "apical"
            else ""
        )
        settings = ", ".join(_setting(k, v) for k, v in row["settings"].items())
        flag = f" ({row['contended']} contended)" if row["contended"] else ""
        lines.append(
            f"| {row['rule'].upper()} | {row['name']} | {settings} | {_text(row['seconds'])}{flag} "
            f"| {ratio} | {row['loss_after_first_epoch']:.5f} |"
        )
    return "\n".join(lines)


def _seconds(result: dict) -> float:
    return median(result["seconds_per_epoch"])


def _spread(values: list[float]) -> dict:
    return {"median": median(values), "min": min(values), "max": max(values)}


def _text(spread: dict) -> str:
    return f"{spread['median']:.2f} ({spread['min']:.2f}-{spread['max']:.2f})"


def _setting(key: str, value) -> str:
    if key == "threads":
        return f"{value} thread{'s' * (value != 1)}"
    if key == "flush_denormal":
        return "denormals flushed" if value else "denormals kept"
    return f"{value} Adam" if key == "adam" else str(value)
