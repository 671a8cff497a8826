"""The page of `apical report`."""

from tests.mutants.mutant import Mutant

PAGE = "tests/page/test_page.py"

MUTANTS = (
    Mutant(
        "page: texts of runs are code",
        "page/write.py",
        "autoescape=True",
        "autoescape=False",
        (f"{PAGE}::test_texts_of_runs_are_no_code",),
    ),
    Mutant(
        "page: two seeds have a band",
        "page/groups.py",
        "    if len(values) < FEWEST:",
        "    if len(values) < 2:",
        (f"{PAGE}::test_two_seeds_have_no_interval",),
    ),
    Mutant(
        "page: a thinned line loses its last point",
        "page/groups.py",
        "round(i * (len(epochs) - 1) / (points - 1))",
        "i * len(epochs) // points",
        (f"{PAGE}::test_a_long_line_is_thinned_and_the_page_says_so",),
    ),
    Mutant(
        "page: accuracies are drawn as errors",
        "page/groups.py",
        "values = 100 * (1 - values)",
        "values = 100 * values",
        (f"{PAGE}::test_curves_are_means_with_intervals_over_seeds",),
    ),
)
