"""Memory and time of one training step on the ImageNet LC network of Bartunov et al. 2018.

`python benchmarks/dfa_memory/run.py [BATCH]` runs one step of BP, DFA with stored and DFA with
regenerated feedback, each in a process of its own, on random images, and prints a table:
what lies between steps, what the compiler planned for the step, and the process's peak.
"""

import json
import resource
import subprocess
import sys
import time

RULES = ("bp", "dfa", "dfa:glorot,regenerated")
HEADINGS = (
    "rule",
    "feedback kept",
    "network and feedback",
    "scratch",
    "peak of process",
    "s a step",
)


def measure(spelled: str, size: int) -> list[str]:
    import jax

    from apical.networks.layers import Lc
    from apical.rules import Batch, Rule
    from apical.settings import Settings
    from apical.training.build import build
    from apical.values.value import parse

    settings = Settings(
        net=(
            Lc((9, 9), 48, 4), Lc((3, 3), 48, 2), Lc((5, 5), 96), Lc((3, 3), 96, 2),
            Lc((3, 3), 192), Lc((3, 3), 192, 2), Lc((3, 3), 384),
        )
    )  # fmt: skip
    rule, shape, classes = parse(Rule, spelled), (224, 224, 3), 1000
    for_net, for_rule, for_x, for_step = jax.random.split(jax.random.key(0), 4)
    x = jax.random.uniform(for_x, (size, *shape))
    batch = Batch(x, jax.nn.one_hot(jax.numpy.arange(size), classes))

    @jax.jit
    def begin():
        net = build(settings, shape, classes, for_net)
        return net, rule.init(net, batch, for_rule)

    def step(net, state, batch, key):
        credit = rule.credit(net, state, batch, key)
        return jax.tree.map(lambda w, g: w - 1e-3 * g, net, credit.network), credit.kept

    net, state = begin()
    compiled = jax.jit(step, donate_argnums=(0, 1)).lower(net, state, batch, for_step).compile()
    planned = compiled.memory_analysis()
    kept = sum(leaf.nbytes for leaf in jax.tree.leaves(state))
    begun = time.perf_counter()
    jax.block_until_ready(compiled(net, state, batch, for_step))
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sizes = (kept, planned.argument_size_in_bytes, planned.temp_size_in_bytes, peak)
    return [spelled, *(f"{size / 2**20:.0f} MB" for size in sizes), f"{seconds:.1f}"]


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    print("| " + " | ".join(HEADINGS) + " |\n|" + "---|" * len(HEADINGS))
    for rule in RULES:
        done = subprocess.run(
            [sys.executable, __file__, str(size), rule], capture_output=True, text=True, check=True
        )
        print("| " + " | ".join(json.loads(done.stdout)) + " |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(measure(sys.argv[2], int(sys.argv[1]))))
    else:
        main()
