"""What a step of a rule costs beside backpropagation's: `python -m docs.site.costs` writes it.

It compiles each rule's step at the settings of its recipe, and bp's at the same, on images like
MNIST's, and runs neither.
"""

import json
import math
import platform
from pathlib import Path

import jax

from apical.cli.rules import cost_beside_bp
from apical.rules import RULES

COSTS = Path(__file__).with_name("costs.json")


def main() -> None:
    """Write the costs of every rule, and the compiler that counted them."""
    rules = {}
    for rule in RULES:
        operations, memory = cost_beside_bp(rule())
        counted = None if math.isnan(operations) else round(operations, 2)
        rules[rule.name] = {"operations": counted, "memory": round(memory, 2)}
    by = f"JAX {jax.__version__} for {platform.machine()} {jax.default_backend()}"
    COSTS.write_text(json.dumps({"compiled by": by, "rules": rules}, indent=1) + "\n")


if __name__ == "__main__":
    main()
