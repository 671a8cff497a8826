"""Comparisons: equal terms, and what their differences say."""

from tests.mutants.mutant import Mutant

BUDGETS = "tests/comparison/test_budgets.py"
COMPARE = "tests/comparison/test_compare.py"
CONTESTANTS = "tests/comparison/test_contestants.py"
DIFFERENCES = "tests/comparison/test_differences.py"

MUTANTS = (
    Mutant(
        "compare: examples are counted as updates",
        "comparison/budgets.py",
        "return self.amount / settings.batch_size",
        "return self.amount / 100",
        (f"{BUDGETS}::test_examples_are_the_same_for_every_size_of_minibatches",),
    ),
    Mutant(
        "compare: a budget keeps the steps that were asked for",
        "comparison/budgets.py",
        "full = steps_in_epoch(replace(settings, steps_per_epoch=None), examples)\n        updates",
        "full = steps_in_epoch(settings, examples)\n        updates",
        (f"{BUDGETS}::test_epochs_are_whole_ones",),
    ),
    Mutant(
        "compare: p values are not adjusted for what came before",
        "comparison/differences.py",
        "np.maximum.accumulate((len(p) - np.arange(len(p))) * np.take(p, order))",
        "(len(p) - np.arange(len(p))) * np.take(p, order)",
        (f"{DIFFERENCES}::test_holms_adjustment",),
    ),
    Mutant(
        "compare: Bonferroni in place of Holm",
        "comparison/differences.py",
        "(len(p) - np.arange(len(p))) * np.take",
        "len(p) * np.take",
        (f"{DIFFERENCES}::test_holms_adjustment",),
    ),
    Mutant(
        "compare: runs are not paired",
        "comparison/differences.py",
        "float(ttest_rel(ours, theirs).pvalue)",
        "float(__import__('scipy.stats').stats.ttest_ind(ours, theirs).pvalue)",
        (f"{DIFFERENCES}::test_students_sleep_data",),
    ),
    Mutant(
        "compare: seeds are told for a one-sided test",
        "comparison/differences.py",
        "critical, centre = t.isf(alpha / 2, n - 1)",
        "critical, centre = t.isf(alpha, n - 1)",
        (f"{DIFFERENCES}::test_the_seeds_needed_are_those_of_the_textbook",),
    ),
    Mutant(
        "compare: a rule at its own settings is set against the others' bp",
        "comparison/contestants.py",
        "next(c for c in contestants if c.terms == of.terms)",
        "contestants[0]",
        (f"{CONTESTANTS}::test_one_that_refuses_them_is_paired_with_bp_at_its_own",),
    ),
    Mutant(
        "compare: an optimizer is searched in the ranges of another",
        "comparison/contestants.py",
        "if rule.recipe.optimizer == settings.optimizer:",
        "if True:",
        (
            f"{CONTESTANTS}::test_an_optimizer_that_the_space_is_not_for_is_searched_as_its_own_"
            "rule_does",
        ),
    ),
    Mutant(
        "compare: tuning sees the seeds of the final runs",
        "comparison/compare.py",
        "tuning,\n                seeds.stop,",
        "tuning,\n                seeds.start,",
        (f"{COMPARE}::test_every_rule_is_searched_as_often_from_a_seed_that_no_final_run_has",),
    ),
    Mutant(
        "compare: what was tuned is not trained",
        "comparison/tuned.py",
        "rule=found.rule, settings=found.settings), told",
        "rule=found.rule), told",
        (f"{COMPARE}::test_every_rule_is_searched_as_often_from_a_seed_that_no_final_run_has",),
    ),
    Mutant(
        "compare: a pair is the other way round",
        "comparison/compare.py",
        "(one.label, other.label)\n            for i",
        "(other.label, one.label)\n            for i",
        (f"{COMPARE}::test_every_rule_has_the_seeds_and_is_at_its_terms",),
    ),
    Mutant(
        "cost: the optimizer's memory is not counted",
        "training/cost.py",
        "return memory.argument_size_in_bytes + made",
        "return made",
        (f"{COMPARE}::test_operations_are_those_of_the_products_of_matrices",),
    ),
)
