"""Iterative temporal differencing."""

from tests.mutants.mutant import Mutant

ITD = "tests/rules/test_itd.py"

MUTANTS = (
    Mutant(
        "itd: the previous error is not led down through the feedback",
        "rules/itd.py",
        "pushed = back.pull(pushed)",
        "pushed = back.pull(before.error) if l == len(feedback) - 1 else incoming[0]",
        (f"{ITD}::test_closed_form",),
    ),
    Mutant(
        "itd: the previous signal is added",
        "rules/itd.py",
        "return incoming - pushed\n",
        "return incoming + pushed\n",
        (f"{ITD}::test_closed_form",),
    ),
    Mutant(
        "itd: this iteration's error is remembered differenced",
        "rules/itd.py",
        "Trace(record.activities[1:], error, tuple(incoming))",
        "Trace(record.activities[1:], signals[-1], tuple(incoming))",
        (f"{ITD}::test_closed_form",),
    ),
    Mutant(
        "itd: the error is not divided by the batch size",
        "rules/itd.py",
        "error = (record.output - batch.y) / size",
        "error, size = record.output - batch.y, 1",
        (f"{ITD}::test_multiplicative_variants_are_the_authors_loop[signal]",),
    ),
)
