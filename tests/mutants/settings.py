"""Settings and values: read by their annotations, stored, compared."""

from tests.mutants.mutant import Mutant

SETTINGS = "tests/test_settings.py"
FITS = f"{SETTINGS}::test_what_fits_is_taken"
TOLD = f"{SETTINGS}::test_what_does_not_fit_a_field_is_told_where_the_value_is_made"
EARLIER = f"{SETTINGS}::test_settings_of_earlier_files_are_read"
BOUNDS = f"{SETTINGS}::test_activations_stay_within_what_they_say"

MUTANTS = (
    Mutant(
        "settings: layers of an earlier file are lost",
        "settings/settings.py",
        'fields | ({"hidden": layers} if layers else {})',
        "fields",
        (EARLIER,),
    ),
    Mutant(
        "settings: an earlier file without layers has none",
        "settings/settings.py",
        "if layers else {}",
        "if layers is not None else {}",
        (EARLIER,),
    ),
    Mutant(
        "values: what was read is not taken",
        "values/value.py",
        "if found is not given:",
        "if found is given:",
        (FITS,),
    ),
    Mutant(
        "values: any number is a whole one",
        "values/value.py",
        '("a whole number", Integral, (int,))',
        '("a whole number", Real, (int,))',
        (TOLD,),
    ),
    Mutant(
        "values: fields do not count in a comparison",
        "values/value.py",
        "type(self) is type(other) and _contents(self) == _contents(other)",
        "type(self) is type(other)",
        (f"{SETTINGS}::test_values_are_equal_if_class_and_fields_are",),
    ),
    Mutant(
        "activations: softmax is taken for elementwise",
        "networks/activations.py",
        "couples = True",
        "couples = False",
        (BOUNDS,),
    ),
    Mutant(
        "activations: tanh is never negative",
        "networks/activations.py",
        "lowest, highest = -1.0, 1.0",
        "lowest, highest = 0.0, 1.0",
        (BOUNDS,),
    ),
    Mutant(
        "part batches: wrapping drops",
        "settings/partial_batches.py",
        "-(-examples // size)",
        "examples // size",
        ("tests/training/test_parts.py::test_the_last_partial_batch_has_an_explicit_policy",),
    ),
    Mutant(
        "turns: the network goes first on each minibatch",
        "settings/turns.py",
        "((LEARNED, NETWORK),)",
        "((NETWORK, LEARNED),)",
        ("tests/training/test_turns.py::test_by_the_batch_they_take_turns_on_every_minibatch",),
    ),
    Mutant(
        "completion: options of a box beside another are lost",
        "cli/completion.py",
        '|  +", text)',
        '", text)',
        ("tests/cli/test_completion.py::test_every_option_of_every_command_is_known",),
    ),
    Mutant(
        "rules: steps of dynamics, counted as one, are told as what they cost",
        "training/cost.py",
        "if rule.traits.settles else",
        "if not rule else",
        ("tests/cli/test_rules.py::test_operations_of_dynamics_are_not_told",),
    ),
    Mutant(
        "progress: of epochs that take minutes no time left is known",
        "cli/support/console.py",
        "speed_estimate_period=math.inf,",
        "",
        ("tests/cli/test_terminal.py::test_the_time_left_is_known_of_epochs_that_take_minutes",),
    ),
    Mutant(
        "progress: what a seed leaves out that was stopped is waited for",
        "cli/support/console.py",
        "self._total -= self._settings.epochs - event.number",
        "pass",
        (
            "tests/cli/test_terminal.py"
            "::test_all_seeds_count_and_what_a_seed_that_was_stopped_leaves_out",
        ),
    ),
)
