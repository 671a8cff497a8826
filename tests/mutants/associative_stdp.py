"""The STDP rule with fixed associativity."""

from tests.mutants.mutant import Mutant

STDP = "tests/rules/test_associative_stdp.py"
SENT = "tests/layers/test_transmission.py"

MUTANTS = (
    Mutant(
        "stdp: the global sign is flipped",
        "rules/associative_stdp.py",
        "return 2 * y - 1",
        "return 1 - 2 * y",
        (f"{STDP}::test_the_update_by_hand",),
    ),
    Mutant(
        "stdp: the output takes the label's place",
        "rules/associative_stdp.py",
        "self.signs(batch.y)",
        "self.signs(record.output)",
        (f"{STDP}::test_all_signs_flip_with_the_label_and_never_with_the_output",),
    ),
    Mutant(
        "stdp: the square of x for its cube",
        "rules/associative_stdp.py",
        "x**3 * p",
        "x**2 * p",
        (f"{STDP}::test_both_curves_are_functions_of_spike_times",),
    ),
    Mutant(
        "stdp: the peak lies at p = 2x",
        "rules/associative_stdp.py",
        "(2 * p - x) ** 2",
        "(2 * x - p) ** 2",
        (f"{STDP}::test_the_curve_at_its_special_points",),
    ),
    Mutant(
        "stdp: summed for averaged",
        "rules/associative_stdp.py",
        "scale = -1 / self.reduction.divisor(batch.x.shape[0])",
        "scale = -1",
        (f"{STDP}::test_the_update_by_hand",),
    ),
    Mutant(
        "stdp: associativity is all one sign",
        "rules/associative_stdp.py",
        "1.0 - 2.0 * (jnp.arange(size, dtype=float) % 2)",
        "jnp.ones(size)",
        (f"{STDP}::test_associativity_is_balanced_fixed_and_drawn_anew",),
    ),
    Mutant(
        "stdp: units follow the classes in turn, not in blocks",
        "rules/associative_stdp.py",
        "own = jnp.repeat(signs, sizes, axis=1, total_repeat_length=shape[-1])",
        "own = jnp.tile(signs, (1, shape[-1]))[:, : shape[-1]]",
        (f"{STDP}::test_one_against_the_rest_is_two_classes_for_every_block",),
    ),
    Mutant(
        "pairing: the bias's unit is silent",
        "networks/layers/pairing.py",
        "jnp.ones((), weight.dtype)",
        "jnp.zeros((), weight.dtype)",
        (f"{STDP}::test_the_update_by_hand",),
    ),
    Mutant(
        "stdp: the first class gets the remainder",
        "rules/associative_stdp.py",
        "return [(k + 1) * units // classes - k * units // classes for k in range(classes)]",
        "return [units - (classes - 1) * (units // classes)] + [units // classes] * (classes - 1)",
        (f"{STDP}::test_blocks_are_as_equal_as_can_be",),
    ),
    Mutant(
        "transmission: local rules join weights to the activity",
        "networks/layers/transmitted.py",
        "layer.read(x), post)",
        "x, post)",
        (f"{SENT}::test_local_rules_join_a_weight_to_what_is_sent",),
    ),
)
