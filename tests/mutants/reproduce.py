"""How a paper's claims are judged, and its runs recorded."""

from tests.mutants.mutant import Mutant

JUDGE = "tests/reproduce/test_judgement.py"
RECORDS = "tests/reproduce/test_records.py"

TIME = "tests/reproduce/test_time_budget.py"

INIT_FROM = "tests/reproduce/test_init_from.py"

MUTANTS = (
    Mutant(
        "reproduction: runs do not wait for those that they begin from",
        "reproduce/reproduction.py",
        "return 0 if first.experiment.after is None else 1",
        "return 0",
        (f"{INIT_FROM}::test_runs_come_after_those_that_they_begin_from",),
    ),
    Mutant(
        "reproduction: drawn weights pass for an encoder's",
        "reproduce/experiment.py",
        "if begun != self.experiment.after:",
        "if False:",
        (f"{INIT_FROM}::test_a_network_that_was_drawn_is_another_run",),
    ),
    Mutant(
        "reproduction: a part of a data set passes for the whole",
        "reproduce/experiment.py",
        "if dataset.name != name:",
        "if False:",
        ("tests/reproduce/test_papers.py::test_a_run_on_the_whole_of_a_set_refuses_a_part_of_it",),
    ),
    Mutant(
        "reproduction: runs are begun whose data is nowhere",
        "reproduce/reproduction.py",
        "isinstance(job, Run) and not can_be_had(job.experiment.data)",
        "False",
        ("tests/reproduce/test_papers.py::test_what_needs_data_that_is_nowhere_is_told_apart",),
    ),
    Mutant(
        "judgement: a partial order passes for a whole one",
        "reproduce/judgement.py",
        "if low < mean - half and mean + half < high:",
        "if low < mean < high:",
        ("tests/reproduce/test_judgement.py::test_an_order_needs_every_paired_interval",),
    ),
    Mutant(
        "judgement: unfinished runs count",
        "reproduce/evidence.py",
        " for f in folders if RunFolder(f).finished",
        " for f in folders",
        ("tests/reproduce/test_judgement.py::test_only_finished_runs_count",),
    ),
    Mutant(
        "time budget: a run does not stop for it",
        "training/run.py",
        "now + SLOWER * (now - began) > until",
        "now - began > until",
        (f"{TIME}::test_a_run_is_interrupted_saved_and_gone_on_with",),
    ),
    Mutant(
        "time budget: what does not fit is begun",
        "jobs/workers.py",
        "if (unknown if seconds is None else seconds) <= left:",
        "if left:",
        (f"{TIME}::test_a_job_that_does_not_fit_is_put_off_and_one_at_work_is_stopped",),
    ),
    Mutant(
        "time budget: the least valuable come first",
        "reproduce/reproduction.py",
        "key=lambda job: -job.value",
        "key=lambda job: job.value",
        (f"{TIME}::test_the_most_valuable_come_first",),
    ),
    Mutant(
        "reproduce: every run is seed 0",
        "reproduce/experiment.py",
        "{run.seed: run.folder for run in runs}",
        "{0: run.folder for run in runs}",
        (
            "tests/reproduce/test_papers.py::test_a_run_is_the_seed_the_rule_and_the_settings_asked_for",
        ),
    ),
    Mutant(
        "judgement: seeds are paired by place",
        "reproduce/judgement.py",
        "{term: [values[seed] for seed in shared] for term, values in by_seed.items()}",
        "{term: list(values.values())[: len(shared)] for term, values in by_seed.items()}",
        ("tests/reproduce/test_judgement.py::test_an_order_pairs_seeds_not_places",),
    ),
    Mutant(
        "within: any distance is near",
        "reproduce/judgement.py",
        "self.value - self.distance, self.value + self.distance)",
        "-math.inf, math.inf)",
        (f"{JUDGE}::test_within_looks_at_the_interval",),
    ),
    Mutant(
        "judgement: the wrong side decides, however wide the interval",
        "reproduce/judgement.py",
        "if mean + against <= low or high <= mean - against:",
        "if mean <= low or high <= mean:",
        (f"{JUDGE}::test_below_mirrors_above",),
    ),
    Mutant(
        "judgement: a single run is held against our mean's interval",
        "runs/statistics.py",
        " * math.sqrt(len(values) + 1)",
        "",
        (f"{JUDGE}::test_a_single_published_run_is_one_more_draw",),
    ),
    Mutant(
        "judgement: shorter runs decide",
        "reproduce/claims.py",
        "SHORTER.get(found.verdict, found.verdict)",
        "found.verdict",
        (f"{JUDGE}::test_fewer_epochs_than_the_papers_decide_nothing",),
    ),
    Mutant(
        "judgement: the longest run is the budget",
        "reproduce/evidence.py",
        "return min(latest.values()",
        "return max(latest.values()",
        (f"{JUDGE}::test_the_shortest_run_is_the_budget_and_what_has_not_run_has_none",),
    ),
    Mutant(
        "judgement: a long run is read early and counts whole",
        "reproduce/evidence.py",
        "read = int(epoch) if epoch else min(ran)",
        "read = min(ran)",
        (f"{JUDGE}::test_a_term_at_an_epoch_has_that_epochs_budget",),
    ),
    Mutant(
        "judgement: several comparisons are judged as one",
        "runs/statistics.py",
        "return 1 - 0.05 / count",
        "return 0.95",
        (
            f"{JUDGE}::test_one_difference_of_several_refutes_by_an_interval_for_all_of_them",
            f"{JUDGE}::test_most_judges_its_cases_by_intervals_that_hold_together",
        ),
    ),
    Mutant(
        "judgement: one seed is every seed",
        "reproduce/judgement.py",
        "whole = reached == len(values)",
        "whole = reached > 0",
        ("tests/reproduce/test_judgement.py::test_every_means_every_seed",),
    ),
    Mutant(
        "judgement: twice the margin is near",
        "reproduce/judgement.py",
        "return -self.margin",
        "return -2 * self.margin",
        ("tests/reproduce/test_judgement.py::test_near_is_within_a_margin_seed_by_seed",),
    ),
    Mutant(
        "numbers: the text's own stay",
        "reproduce/numbers.py",
        "return TIED.sub(write, text)",
        "TIED.sub(write, text)\n    return text",
        (
            "tests/reproduce/test_numbers.py::test_a_tied_number_is_what_the_runs_say_in_the_form_it_has",
        ),
    ),
    Mutant(
        "numbers: one seed speaks for all",
        "reproduce/numbers.py",
        "if not shared:",
        "shared = [max(shared)] if shared else []\n    if not shared:",
        (
            "tests/reproduce/test_numbers.py::test_a_tied_number_is_what_the_runs_say_in_the_form_it_has",
        ),
    ),
    Mutant(
        "coverage: what has not run is left out",
        "reproduce/coverage.py",
        'told += [f"not run: {item.not_run}"] if item.not_run else []',
        "",
        ("tests/reproduce/test_new_paper.py::test_a_folder_is_all_that_a_paper_needs",),
    ),
    Mutant(
        "records: publishing loses the other runs",
        "reproduce/records.py",
        "self._write({**self._all(), **found})",
        "self._write(found)",
        (f"{RECORDS}::test_publishing_replaces_a_run_and_leaves_the_others_as_they_are",),
    ),
    Mutant(
        "records: a part of the file passes for all of it",
        "reproduce/records.py",
        "if not stream.eof or stream.unused_data:",
        "if False:",
        (f"{RECORDS}::test_damaged_records_are_refused_in_one_line",),
    ),
    Mutant(
        "records: in the order they came in",
        "reproduce/records.py",
        "for name in sorted(records)",
        "for name in records",
        (f"{RECORDS}::test_the_file_depends_on_the_runs_and_not_on_the_order_they_came_in",),
    ),
    Mutant(
        "judgement: cases above refute that most are",
        "reproduce/judgement.py",
        "elif 2 * below >= len(cases):",
        "elif 2 * above >= len(cases):",
        (f"{JUDGE}::test_most_counts_the_cases_that_are_decided",),
    ),
)
