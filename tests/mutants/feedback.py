"""Feedback: FA, DFA, sign-symmetry and the sweep down the layers."""

from tests.mutants.mutant import Mutant

FA = "tests/rules/test_fa.py"
DFA = "tests/rules/test_dfa.py"
LAWS = "tests/rules/test_conformance.py"
PARTS = "tests/training/test_parts.py"

MUTANTS = (
    Mutant(
        "fa: the forward weights carry the signal",
        "rules/fa.py",
        "net.error(record, batch.y), feedback)",
        "net.error(record, batch.y), net.layers[1:])",
        (f"{FA}::test_by_hand",),
    ),
    Mutant(
        "fa: feedback weights start as the forward ones",
        "feedback/fixed_random.py",
        "layer.redrawn(self.law, k)",
        "layer.with_weight(1.0 * layer.weight)",
        (f"{PARTS}::test_alignment_sees_only_rules_and_reference",),
    ),
    Mutant(
        "fa: feedback weights change at every step",
        "rules/fa.py",
        "kept=state.kept, pathways",
        "kept=tuple(b.with_weight(0.9 * b.weight) for b in state.kept), pathways",
        (f"{FA}::test_fixed_feedback_is_drawn_by_its_law_and_never_changes",),
    ),
    Mutant(
        "fixed random feedback: drawn anew at every step",
        "feedback/fixed_random.py",
        "return kept",
        "return self.init(net, key)",
        (f"{FA}::test_with_feedback_equal_to_the_forward_weights_it_is_bp",),
    ),
    Mutant(
        "sweep: no derivative of the activation",
        "rules/sweep.py",
        "layer.modulate(a, back.pull(signals[0]))",
        "back.pull(signals[0])",
        (f"{FA}::test_by_hand",),
    ),
    Mutant(
        "dfa: no derivative of the activation",
        "rules/dfa.py",
        "layer.modulate(a, signal)",
        "signal",
        (f"{DFA}::test_by_hand",),
    ),
    Mutant(
        "dfa: the output is broadcast, not its error",
        "rules/dfa.py",
        "state.kept, error)",
        "state.kept, record.output)",
        (f"{LAWS}::test_rest[dfa]",),
    ),
    Mutant(
        "dfa: the feedback in use is not the one that is kept",
        "rules/dfa.py",
        "lead(state.kept, error)",
        "lead(self.init(net, batch, key).kept, error)",
        (f"{DFA}::test_with_the_product_of_downstream_weights_a_linear_net_gets_bp",),
    ),
    Mutant(
        "sign-symmetry: no signs",
        "feedback/sign_symmetric.py",
        "magnitude * jnp.sign(layer.weight)",
        "magnitude * jnp.ones_like(layer.weight)",
        (f"{LAWS}::test_transport[fa:usf]",),
    ),
    Mutant(
        "sign-symmetry: the weights' own magnitudes",
        "feedback/sign_symmetric.py",
        "self.law.rms(*layer.fans) for",
        "jnp.sqrt(jnp.mean(layer.weight**2)) for",
        (f"{LAWS}::test_transport[fa:usf]",),
    ),
    Mutant(
        "brsf: the same magnitudes at every step",
        "feedback/sign_symmetric.py",
        "key):\n        return _draw(self.law, net, key)\n\n\ndef",
        "key):\n        return _draw(self.law, net, jax.random.key(0))\n\n\ndef",
        (f"{FA}::test_magnitudes_are_uniform_fixed_or_drawn_for_every_batch",),
    ),
    Mutant(
        "dfa feedback redrawn",
        "rules/dfa.py",
        "signals, kept=state.kept",
        "signals, kept=self.init(net, batch, key).kept",
        (f"{FA}::test_fixed_feedback_is_the_same_whatever_the_steps_key",),
    ),
    Mutant(
        "fa feedback redrawn",
        "feedback/fixed_random.py",
        "        return kept",
        "        return self.init(net, key)",
        (f"{FA}::test_fixed_feedback_is_the_same_whatever_the_steps_key",),
    ),
    Mutant(
        "frsf redrawn each step",
        "feedback/sign_symmetric.py",
        "        return kept\n",
        "        return _draw(self.law, net, key)\n",
        (f"{FA}::test_fixed_feedback_is_the_same_whatever_the_steps_key",),
    ),
    Mutant(
        "regenerated feedback: every unit's weights are the same",
        "feedback/broadcast.py",
        "jax.random.fold_in(key, unit)",
        "jax.random.fold_in(key, 0 * unit)",
        (f"{DFA}::test_regenerated_feedback_has_the_law_of_the_stored_one",),
    ),
)
