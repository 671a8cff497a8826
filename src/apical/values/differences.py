"""How two configurations differ, told to the user."""

from typing import Any


def differences(*, there: dict[str, Any], now: dict[str, Any]) -> str:
    """`settings.lr (there 0.1, now 0.01); ...`, or nothing; both as JSON has them."""
    found, asked = _flat(there), _flat(now)
    return "; ".join(
        f"{key} (there {found.get(key)!r}, now {asked.get(key)!r})"
        for key in sorted(asked.keys() | found.keys())
        if asked.get(key) != found.get(key)
    )


def _flat(data: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(data, dict):
        return {prefix: data}
    items: dict[str, Any] = {}
    for key, value in data.items():
        items |= _flat(value, f"{prefix}.{key}" if prefix else key)
    return items
