"""Comparisons: equal terms, and what their differences say."""

from tests.mutants.mutant import Mutant

BUDGETS = "tests/comparison/test_budgets.py"
COMPARE = "tests/comparison/test_compare.py"
DIVERGING = "tests/comparison/test_diverging.py"
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
    Mutant(
        "comparison: a rule that diverges ends it",
        "comparison/diverged.py",
        "if (found := Diverged.read(str(error))) is None:",
        "if (found := Diverged.read(str(error))) is not None:",
        (f"{DIVERGING}::test_the_command_ends_well",),
    ),
    Mutant(
        "comparison: the reference is the first rule though it diverged",
        "comparison/compare.py",
        "        other = reference(self.contestants, contestant)\n",
        "        other = reference(self.plan.contestants, contestant)\n",
        (f"{DIVERGING}::test_without_the_first_rule_the_next_is_the_reference",),
    ),
    Mutant(
        "comparison: told though no two rules are left",
        "comparison/compare.py",
        "if lost and not found.pairs:",
        "if lost and not results:",
        (f"{DIVERGING}::test_where_no_two_rules_are_left_it_is_an_error",),
    ),
    Mutant(
        "comparison: nobody is told of those that diverged",
        "comparison/compare.py",
        "            warnings.warn(told, stacklevel=1)\n",
        "",
        (f"{DIVERGING}::test_the_command_ends_well",),
    ),
    Mutant(
        "comparison: one whose trials all diverged is trained",
        "comparison/compare.py",
        "each for each in self.contestants if each.label not in self.diverged]",
        "each for each in self.contestants]",
        (f"{DIVERGING}::test_a_trial_that_diverges_is_a_bad_one_and_a_search_of_such_alone_a_row",),
    ),
    Mutant(
        "comparison: a divergence in another process is a failure",
        "cli/support/rule_jobs.py",
        " for name, told in failed.items() if diverged[name] is None]",
        " for name, told in failed.items()]",
        ("tests/extensions/test_files.py::test_other_processes_know_it_too",),
    ),
)
