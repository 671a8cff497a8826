"""How a paper's claims are judged, and its runs recorded."""

from tests.mutants.mutant import Mutant

JUDGE = "tests/reproduce/test_judgement.py"
RECORDS = "tests/reproduce/test_records.py"

MUTANTS = (
    Mutant(
        "judgement: a partial order passes for a whole one",
        "reproduce/judgement.py",
        "all(mean - half > 0 for mean, half in differences)",
        "all(mean > 0 for mean, half in differences)",
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
        "reproduce: every run is seed 0",
        "reproduce/experiment.py",
        "            seed=self.seed,",
        "            seed=0,",
        (
            "tests/reproduce/test_papers.py::test_a_run_is_the_seed_the_rule_and_the_settings_asked_for",
        ),
    ),
    Mutant(
        "judgement: seeds are paired by place",
        "reproduce/judgement.py",
        "[[values[seed] for seed in shared] for values in by_seed]",
        "[list(values.values())[: len(shared)] for values in by_seed]",
        ("tests/reproduce/test_judgement.py::test_an_order_pairs_seeds_not_places",),
    ),
    Mutant(
        "within: any distance is near",
        "reproduce/judgement.py",
        "graded(off <= self.distance,",
        "graded(off >= 0,",
        (f"{JUDGE}::test_within_a_stated_distance",),
    ),
    Mutant(
        "below: the interval does not count",
        "reproduce/judgement.py",
        "graded(clear > half,",
        "graded(clear > 0,",
        (f"{JUDGE}::test_below_mirrors_above",),
    ),
    Mutant(
        "judgement: one seed is every seed",
        "reproduce/judgement.py",
        "graded(reached == len(values),",
        "graded(bool(reached),",
        ("tests/reproduce/test_judgement.py::test_every_means_every_seed",),
    ),
    Mutant(
        "judgement: near by the mean alone",
        "reproduce/judgement.py",
        "graded(mean - half > -self.margin,",
        "graded(mean > -self.margin,",
        ("tests/reproduce/test_judgement.py::test_near_is_within_a_margin_seed_by_seed",),
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
)
