"""Alignment with backpropagation."""

from tests.mutants.mutant import Mutant

PARTS = "tests/training/test_parts.py"
INVERSION = "tests/diagnostics/test_inversion.py"
ALIGN = "tests/diagnostics/test_alignment.py"

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
        "_over_probe(BP(), net, State(), probe, key)",
        "_over_probe(rule, net, state, probe, key)",
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
)
