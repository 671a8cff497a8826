"""The search for hyper-parameters."""

from tests.mutants.mutant import Mutant

SPACE = "tests/tuning/test_space.py"
SEARCH = "tests/tuning/test_search.py"

MUTANTS = (
    Mutant(
        "search: a log range is drawn from evenly",
        "values/ranges.py",
        "return self.low * (self.high / self.low) ** u",
        "return self.low + u * (self.high - self.low)",
        (f"{SPACE}::test_an_interval_is_spread_evenly_on_its_scale",),
    ),
    Mutant(
        "search: the upper end of whole numbers is never drawn",
        "values/ranges.py",
        "int(u * (self.high - self.low + 1))",
        "int(u * (self.high - self.low))",
        (f"{SPACE}::test_whole_numbers_and_choices_are_all_as_likely",),
    ),
    Mutant(
        "search: all names share one stream",
        "tuning/space.py",
        "[seed, number, zlib.crc32(name.encode())]",
        "[seed, number, 0]",
        (f"{SPACE}::test_seed_number_and_name_each_change_a_draw_and_other_ranges_do_not",),
    ),
    Mutant(
        "search: a trial is judged by its last epoch",
        "tuning/trial.py",
        "else max(self.curve.values())",
        "else self.curve[max(self.curve)]",
        (
            f"{SEARCH}::test_a_trial_is_judged_by_its_best_epoch_and_a_search_by_its_best_finished_trial",
        ),
    ),
    Mutant(
        "search: a session begins its draws again",
        "tuning/search.py",
        "draw(space, seed, number)",
        "draw(space, seed, number - len(study.trials()))",
        (f"{SEARCH}::test_a_search_that_goes_on_is_the_one_that_never_stopped",),
    ),
    Mutant(
        "search: a table with other values than the draws is gone on from",
        "tuning/folder.py",
        "if trial.number != number or trial.values != drawn:",
        "if trial.number != number:",
        (f"{SEARCH}::test_a_damaged_table_is_told_and_left_alone",),
    ),
    Mutant(
        "search: a lost table is begun again over the best trial",
        "tuning/folder.py",
        "not (path / TRIALS).exists() and not (path / BEST).exists()",
        "not (path / TRIALS).exists()",
        (f"{SEARCH}::test_a_search_whose_table_was_lost_is_not_begun_again_over_its_results",),
    ),
    Mutant(
        "search: of an older study the epochs begin at zero",
        "tuning/optuna_study.py",
        "            int(epoch): math.nan",
        "            int(epoch) - 1: math.nan",
        (f"{SEARCH}::test_a_search_of_before_goes_on",),
    ),
    Mutant(
        "search: a refused search leaves its folder",
        "runs/lock.py",
        "                out.rmdir()",
        "                pass",
        (f"{SEARCH}::test_a_search_that_is_refused_leaves_nothing",),
    ),
)
