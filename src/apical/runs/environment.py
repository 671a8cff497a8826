"""The environment of a run: versions, commit, machine."""

import os
import platform
from pathlib import Path
from typing import Any

import jax

from apical.runs.precision import precision
from apical.runs.provenance import commit, said, versions


def environment() -> dict[str, Any]:
    """JSON-ready; the content of env.json."""
    return {
        "versions": versions(),
        "python": platform.python_version(),
        "commit": commit(),
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "devices": [str(device) for device in jax.devices()],
        "accelerator": _accelerator(),
        "matmul_precision": precision() or "default",
    }


def _accelerator() -> dict[str, str | None] | None:
    """What computes, if not the CPU: its kind, the platform's version and NVIDIA's driver."""
    device = jax.devices()[0]
    if device.platform == "cpu":
        return None
    query = ["--query-gpu=driver_version", "--format=csv,noheader"]
    return {
        "kind": device.device_kind,
        "platform": str(device.client.platform_version),
        "driver": (said("nvidia-smi", *query) or "").partition("\n")[0] or None,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
