"""Which programs each test has JAX compile, for tests take their time in that.

    python -m pytest -p tests.programs tests/rules        # one process, without the cache on disk

An operation of `jax.numpy` outside `jax.jit` is a program of some 15 ms for every new shape and
dtype, and so is `jnp.asarray` of a NumPy array; `jax.device_put` and NumPy's own operations compile
nothing.
"""

import time
from collections import Counter
from dataclasses import dataclass, field

import jax
import pytest

SLOWEST, NAMED = 30, 8


@dataclass
class Compiled:
    """What one test compiled."""

    test: str
    seconds: float = 0.0
    """Processor time of the whole test."""
    compiling: float = 0.0
    """Seconds of tracing, lowering and compiling."""
    programs: Counter[str] = field(default_factory=Counter)


tests: list[Compiled] = []


def _hear(event: str, duration_secs: float, **told: str | int) -> None:
    if tests and event.startswith("/jax/core/compile/"):
        tests[-1].compiling += duration_secs
        name = str(told.get("fun_name"))
        tests[-1].programs[name] += event.endswith("backend_compile_duration")


def pytest_configure() -> None:
    jax.config.update("jax_enable_compilation_cache", False)
    jax.monitoring.register_event_duration_secs_listener(_hear)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    tests.append(Compiled(item.nodeid))
    begin = time.process_time()
    ended = yield
    tests[-1].seconds = time.process_time() - begin
    return ended


def pytest_terminal_summary(terminalreporter) -> None:
    say = terminalreporter.write_line
    total = sum((test.programs for test in tests), Counter())
    say(
        f"{len(tests)} tests: {sum(t.seconds for t in tests):.1f} s, of which "
        f"{sum(t.compiling for t in tests):.1f} s for {total.total()} programs"
    )
    for test in sorted(tests, key=lambda test: -test.seconds)[:SLOWEST]:
        names = " ".join(f"{name}:{n}" for name, n in test.programs.most_common(NAMED) if n)
        say(f"{test.seconds:6.2f} s {test.programs.total():4d} programs {test.test}  {names}")
