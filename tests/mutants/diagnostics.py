"""Alignment with backpropagation."""

from tests.mutants.mutant import Mutant

PARTS = "tests/training/test_parts.py"
INVERSION = "tests/diagnostics/test_inversion.py"
ALIGN = "tests/diagnostics/test_alignment.py"
MEASURED = "tests/diagnostics/test_measurements.py"

MUTANTS = (
    Mutant(
        "alignment: the feedback weights are compared with themselves",
        "diagnostics/alignment.py",
        "net.layers[pathway.source].weight.ravel()",
        "pathway.layer.weight.ravel()",
        (f"{PARTS}::test_alignment_sees_only_rules_and_reference",),
    ),
    Mutant(
        "alignment self",
        "diagnostics/alignment.py",
        "over_probe(BP(), net, State(), probe, key)",
        "over_probe(rule, net, state, probe, key)",
        (f"{ALIGN}::test_alignment_by_hand",),
    ),
    Mutant(
        "norm ratio inverted",
        "diagnostics/alignment.py",
        "jnp.linalg.norm(a) / jnp.linalg.norm(b) for",
        "jnp.linalg.norm(b) / jnp.linalg.norm(a) for",
        (f"{ALIGN}::test_alignment_by_hand",),
    ),
    Mutant(
        "sign disagreement",
        "diagnostics/alignment.py",
        "jnp.sign(w[0]) == jnp.sign(w[1])",
        "jnp.sign(w[0]) != jnp.sign(w[1])",
        (f"{ALIGN}::test_alignment_by_hand",),
    ),
    Mutant(
        "dfa path",
        "diagnostics/alignment.py",
        "    return pathway.layer.pull(basis).ravel(), forward.ravel()",
        "    return pathway.layer.pull(basis).ravel(), pathway.layer.pull(basis).ravel()",
        (f"{ALIGN}::test_alignment_by_hand",),
    ),
    Mutant(
        "alignment: signal errors are relative to the rule's own signals",
        "diagnostics/alignment.py",
        "/ jnp.linalg.norm(b.ravel())",
        "/ jnp.linalg.norm(a.ravel())",
        (f"{ALIGN}::test_alignment_by_hand",),
    ),
    Mutant(
        "alignment: what a rule keeps is forgotten from batch to batch",
        "diagnostics/alignment.py",
        "return (credit.kept, jax.tree.map",
        "return (kept, jax.tree.map",
        (f"{ALIGN}::test_what_a_rule_keeps_goes_from_batch_to_batch",),
    ),
    Mutant(
        "inversion: decoders are held constant",
        "diagnostics/inversion.py",
        "_of_rows(f, below.shape[1:]), _of_rows(g, h.shape[1:])",
        "_of_rows(f, below.shape[1:]), _of_rows(lambda h: 0 * g(h), h.shape[1:])",
        (f"{INVERSION}::test_target_propagation_is_measured_at_each_layer_with_an_inverse",),
    ),
    Mutant(
        "gauss-newton: a squared error of sigmoids is taken in their preactivations",
        "networks/losses.py",
        "    convex_in_activity = True\n",
        "",
        (f"{MEASURED}::test_gauss_newton_is_that_of_whole_matrices",),
    ),
    Mutant(
        "gauss-newton: the curvature is summed over examples, the gradient is their mean",
        "measurements/gauss_newton.py",
        "_curvature(net, a, y, moved) / len(x)",
        "_curvature(net, a, y, moved)",
        (f"{MEASURED}::test_gauss_newton_is_that_of_whole_matrices",),
    ),
    Mutant(
        "gauss-newton: no damping",
        "measurements/gauss_newton.py",
        "p + damping * v",
        "p + 0 * v",
        (f"{MEASURED}::test_much_damping_makes_it_the_gradient",),
    ),
    Mutant(
        "gauss-newton: the loss has no curvature of its own",
        "measurements/gauss_newton.py",
        "        return jax.jvp(slope, (a,), (change,))[1]\n",
        "        return change\n",
        (f"{MEASURED}::test_gauss_newton_is_that_of_whole_matrices",),
    ),
    Mutant(
        "gauss-newton: the angle of the gradient",
        "measurements/gauss_newton.py",
        "    return direction, jnp.linalg",
        "    return gradient, jnp.linalg",
        (f"{MEASURED}::test_of_a_linear_network_with_squared_error_it_is_newtons",),
    ),
    Mutant(
        "saturation: against the greatest slope at hand",
        "measurements/saturation.py",
        "slope < below * jnp.max(greatest)",
        "slope < below * jnp.max(slope)",
        (
            f"{MEASURED}::test_saturation_is_the_share_of_flat_places_against_the_activations_own_greatest_slope",
        ),
    ),
    Mutant(
        "saturation: the slope itself, whatever the activation's greatest is",
        "measurements/saturation.py",
        "slope < below * jnp.max(greatest)",
        "slope < below",
        (
            f"{MEASURED}::test_saturation_is_the_share_of_flat_places_against_the_activations_own_greatest_slope",
        ),
    ),
    Mutant(
        "effective rank: singular values are squared",
        "measurements/effective_rank.py",
        "values = jnp.linalg.svd(matrix, compute_uv=False)",
        "values = jnp.linalg.svd(matrix, compute_uv=False) ** 2",
        (f"{MEASURED}::test_effective_ranks",),
    ),
    Mutant(
        "effective rank: activities keep their means",
        "measurements/effective_rank.py",
        "effective_rank(h - jnp.mean(h, axis=0))",
        "effective_rank(h)",
        (f"{MEASURED}::test_effective_ranks_of_updates_and_of_activities_about_their_means",),
    ),
    Mutant(
        "effective rank: the weights in place of their update",
        "measurements/effective_rank.py",
        "for layer in update.layers",
        "for layer in net.layers",
        (f"{MEASURED}::test_effective_ranks_of_updates_and_of_activities_about_their_means",),
    ),
    Mutant(
        "measurements: the update is backpropagation's",
        "diagnostics/asked_for.py",
        "over_probe(rule, net, state, probe, key)",
        "over_probe(__import__('apical').BP(), net, State(), probe, key)",
        (f"{MEASURED}::test_the_update_is_the_rules_mean_over_the_probe",),
    ),
    Mutant(
        "what is diagnosed and is no number is not told",
        "training/trainer.py",
        "        warn_of_no_numbers(seed, number, diagnosed)\n",
        "",
        (f"{MEASURED}::test_what_is_no_number_is_told_with_its_seed_epoch_and_layer",),
    ),
    Mutant(
        "what a layer has none of is told as lost",
        "training/supervised.py",
        "aligned.reached if name in of_feedback else None",
        "None",
        (f"{MEASURED}::test_what_is_no_number_is_told_with_its_seed_epoch_and_layer",),
    ),
    Mutant(
        "measurements: nothing of them is drawn",
        "report/curves.py",
        "    _hidden(axis, run, statistic, colour, of=of)\n    axis.set_ylabel(called)\n",
        "    pass\n",
        (f"{MEASURED}::test_they_are_asked_for_on_the_command_line_drawn_and_on_the_page",),
    ),
)
