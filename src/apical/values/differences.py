"""Differences between two configurations, told to the user."""

from typing import Any

from apical.values.spelling import decode, spell_field


def differences(*, there: dict[str, Any], now: dict[str, Any]) -> str:
    """`settings.activation (there tanh, now relu); ...`, or nothing; both as JSON has them.

    !!! example

        >>> old, new = ({"rule": {"type": "FA"}, "lr": lr} for lr in (0.1, 0.01))
        >>> differences(there=old, now=new)
        'lr (there 0.1, now 0.01)'
        >>> differences(there={"classes": []}, now={"classes": [0, 2]})
        'classes (there none, now 0/2)'
    """
    found, asked = _flat(there), _flat(now)
    return "; ".join(
        f"{key} (there {_told(found.get(key))}, now {_told(asked.get(key))})"
        for key in sorted(asked.keys() | found.keys())
        if asked.get(key) != found.get(key)
    )


def _told(value: Any) -> str:
    """What is empty would leave a gap in the sentence."""
    return spell_field(value) or "none"


def _flat(data: Any, prefix: str = "") -> dict[str, Any]:
    """Values by the path that leads to them; what is within a value is part of it."""
    if not isinstance(data, dict) or "type" in data:
        return {prefix: decode(data)}
    items: dict[str, Any] = {}
    for key, value in data.items():
        items |= _flat(value, f"{prefix}.{key}" if prefix else key)
    return items
