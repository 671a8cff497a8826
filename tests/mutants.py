"""Defects of the kind this field gets wrong, planted one at a time: the tests must catch each.

`python -m tests.mutants [WORD...]` plants those whose names hold a word (all, if none is
given) in copies of src/, two at a time, and exits with 1 if any survives.
"""

import multiprocessing
import os
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]

PRELOADED = ["pytest", "equinox", "optax", "orbax.checkpoint", "beartype", "matplotlib.pyplot"]
"""What every run of the tests imports, once for all of them."""
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(PRELOADED)

FA = "tests/rules/test_fa.py"
DFA = "tests/rules/test_dfa.py"
LAWS = "tests/rules/test_conformance.py"
FIT = "tests/training/test_fit.py"
PARTS = "tests/training/test_parts.py"
BEST = "tests/training/test_best.py"
ITD = "tests/rules/test_itd.py"
STDP = "tests/rules/test_associative_stdp.py"
ATTACKS = "tests/adversarial/test_attacks.py"
MASKING = "tests/adversarial/test_masking.py"
ATTACKED = "tests/adversarial/test_run.py"
ALIGN = "tests/diagnostics/test_alignment.py"
LOSSES = "tests/test_losses.py"
INIT = "tests/test_initialisers.py"
CIRCUIT = "tests/dynamics/test_ghost.py"
GHOST = "tests/rules/test_ghost.py"
GHOST_PAPER = "tests/papers/test_ghost_units.py"
JUDGE = "tests/reproduce/test_judgement.py"
IMAGES = "tests/layers/test_images.py"
TARGETS = "tests/rules/test_target_propagation.py"
TURNS = "tests/training/test_turns.py"
AUGMENT = "tests/data/test_augmentation.py"
STACK = "tests/test_stack.py"
SPACE = "tests/tuning/test_space.py"
SEARCH = "tests/tuning/test_search.py"
SENT = "tests/layers/test_transmission.py"
DISCRETE = "tests/rules/test_discrete.py"


@dataclass(frozen=True)
class Mutant:
    """A defect: `old`, which `file` of src/apical holds exactly once, becomes `new`."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    """Files or nodes, at least one of which must fail."""


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
        "kept=state.kept, links",
        "kept=tuple(b.with_weight(0.9 * b.weight) for b in state.kept), links",
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
        "self.law, state.kept, error)",
        "self.law, self.init(net, batch, key).kept, error)",
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
        "layer: the gradient is summed over the batch",
        "layers/layer.py",
        "(delta / delta.shape[0])",
        "(delta)",
        (f"{FA}::test_by_hand",),
    ),
    Mutant(
        "layer: the bias gets no gradient",
        "layers/layer.py",
        "return gradient",
        "return eqx.tree_at(lambda l: l.bias, gradient, jnp.zeros_like(gradient.bias))",
        (f"{FA}::test_by_hand",),
    ),
    Mutant(
        "layer: the derivative is taken at the activity",
        "layers/layer.py",
        "jax.vjp(self.activation, a)",
        "jax.vjp(self.activation, self.activation(a))",
        (f"{FA}::test_by_hand",),
    ),
    Mutant(
        "network: the error is averaged over the batch a second time",
        "network.py",
        "jnp.sum(self.loss(",
        "jnp.mean(self.loss(",
        (f"{FA}::test_by_hand",),
    ),
    Mutant(
        "cross-entropy: softmax twice",
        "losses.py",
        "jax.nn.log_softmax(a, axis=-1)",
        "jax.nn.log_softmax(jax.nn.softmax(a, axis=-1), axis=-1)",
        (f"{FA}::test_by_hand",),
    ),
    Mutant(
        "cross-entropy: no softmax",
        "losses.py",
        "y * jax.nn.log_softmax(a, axis=-1)",
        "y * a",
        (f"{FA}::test_by_hand",),
    ),
    Mutant(
        "step: the rule's memory is lost",
        "training/epoch.py",
        "State(learned, credit.kept)",
        "State(learned, state.kept)",
        (f"{PARTS}::test_a_new_rule_needs_nothing_but_itself",),
    ),
    Mutant(
        "order: examples are drawn with replacement",
        "training/order.py",
        "draw.permutation(examples)",
        "draw.integers(0, examples, examples)",
        (f"{PARTS}::test_an_epoch_is_a_shuffle",),
    ),
    Mutant(
        "resume: an epoch is skipped",
        "training/train.py",
        "range(done + 1, ",
        "range(done + 1 + (done > 0), ",
        (f"{FIT}::test_interrupted_and_resumed_is_uninterrupted[1]",),
    ),
    Mutant(
        "resume: the optimizer's moments are lost",
        "training/recording.py",
        "(self._of(seed).restore(latest, carry), latest)",
        "(type(carry)(self._of(seed).restore(latest, carry).net, carry.state, "
        "carry.optimizer, carry.learned_optimizer), latest)",
        (f"{FIT}::test_interrupted_and_resumed_is_uninterrupted[1]",),
    ),
    Mutant(
        "evaluation: padding counts in the loss",
        "training/evaluate.py",
        "jnp.sum(mask * losses)",
        "jnp.sum(losses)",
        (f"{PARTS}::test_evaluation_masks_its_padding",),
    ),
    Mutant(
        "evaluation: padding counts in the accuracy",
        "targets.py",
        "jnp.sum(mask * (decode",
        "jnp.sum((decode",
        (f"{PARTS}::test_evaluation_masks_its_padding",),
    ),
    Mutant(
        "selection: validation is measured on the test set",
        "training/measuring.py",
        '("val", maps.validation, data.validation)',
        '("val", maps.test, data.test)',
        (f"{FIT}::test_a_mapless_validation_split_is_allowed",),
    ),
    Mutant(
        "result: the test accuracy is validation's",
        "training/measuring.py",
        '("test", maps.test, data.test)',
        '("test", maps.validation, data.validation)',
        (f"{FIT}::test_a_mapless_validation_split_is_allowed",),
    ),
    Mutant(
        "splits: the validation set is trained on",
        "data/splits.py",
        "Splits(train.take(~drawn), train.take(drawn), test)",
        "Splits(train, train.take(drawn), test)",
        ("tests/data/test_bundled.py::test_sizes_shapes_and_dtypes_are_as_listed[mnist]",),
    ),
    Mutant(
        "preprocessing: fitted on the test set",
        "data/preprocessing.py",
        "channel_moments(dataset.train.x)",
        "channel_moments(dataset.test.x)",
        ("tests/data/test_preprocessing.py::test_held_out_splits_are_never_looked_at",),
    ),
    Mutant(
        "optimizer: biases decay too",
        "training/optimizer.py",
        ", mask=_weights",
        "",
        (f"{PARTS}::test_decay_and_clipping_come_before_the_optimizer",),
    ),
    Mutant(
        "alignment: the feedback weights are compared with themselves",
        "diagnostics/alignment.py",
        "net.layers[link.source].weight.ravel()",
        "link.layer.weight.ravel()",
        (f"{PARTS}::test_alignment_sees_only_rules_and_reference",),
    ),
    Mutant(
        "order same each epoch",
        "training/train.py",
        "jax.random.fold_in(keys.order, number)",
        "keys.order",
        (f"{PARTS}::test_each_step_has_randomness_of_its_own_and_each_epoch_an_order",),
    ),
    Mutant(
        "step keys same each epoch",
        "training/train.py",
        "jax.random.fold_in(keys.step, number * len(self._plan) + i)",
        "keys.step",
        (f"{PARTS}::test_each_step_has_randomness_of_its_own_and_each_epoch_an_order",),
    ),
    Mutant(
        "step keys same each step",
        "training/epoch.py",
        "jax.random.split(key, (steps, len(turns)))",
        "jnp.broadcast_to(key, (steps, len(turns)))",
        (f"{PARTS}::test_each_step_has_randomness_of_its_own_and_each_epoch_an_order",),
    ),
    Mutant(
        "feedback from forward key",
        "training/train.py",
        "rule.init(net, example, keys.rule)",
        "rule.init(net, example, keys.net)",
        (f"{PARTS}::test_feedback_is_drawn_from_another_stream_than_the_network",),
    ),
    Mutant(
        "learned never learns",
        "training/epoch.py",
        "learned = optax.apply_updates(learned, changes)",
        "learned = learned",
        (f"{PARTS}::test_learned_feedback_is_stepped_by_the_optimizer",),
    ),
    Mutant(
        "best picks by test",
        "training/best.py",
        'target.metric("val")',
        'target.metric("test")',
        (f"{PARTS}::test_the_best_epoch_is_chosen_on_validation_the_first_of_equals",),
    ),
    Mutant(
        "best last of equals",
        "training/best.py",
        '-r["epoch"])',
        'r["epoch"])',
        (f"{PARTS}::test_the_best_epoch_is_chosen_on_validation_the_first_of_equals",),
    ),
    Mutant(
        "test always recorded",
        "training/measuring.py",
        " and self.settings.record_test",
        "",
        (f"{PARTS}::test_the_test_set_is_looked_at_during_training_only_if_asked",),
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
        "    return link.layer.pull(basis).ravel(), forward.ravel()",
        "    return link.layer.pull(basis).ravel(), link.layer.pull(basis).ravel()",
        (f"{ALIGN}::test_alignment_by_hand",),
    ),
    Mutant(
        "decode threshold",
        "targets.py",
        "> 0.5",
        "> 0.0",
        (f"{PARTS}::test_decode_splits_a_single_unit_at_one_half",),
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
        "squared error no half",
        "losses.py",
        "0.5 * jnp.sum(",
        "jnp.sum(",
        (f"{LOSSES}::test_losses_by_hand",),
    ),
    Mutant(
        "bce mean over units",
        "losses.py",
        "jnp.sum(jax.nn.softplus(a) - y * a, axis=-1)",
        "jnp.mean(jax.nn.softplus(a) - y * a, axis=-1)",
        (f"{LOSSES}::test_losses_by_hand",),
    ),
    Mutant(
        "ce unstable",
        "losses.py",
        "jax.nn.log_softmax(a, axis=-1)",
        "jnp.log(jax.nn.softmax(a, axis=-1))",
        (f"{LOSSES}::test_losses_stay_exact_when_saturated",),
    ),
    Mutant(
        "glorot",
        "initialisers.py",
        "math.sqrt(6 / (fan_in + fan_out))",
        "math.sqrt(2 / (fan_in + fan_out))",
        (f"{INIT}::test_weights_have_the_variance_of_their_law",),
    ),
    Mutant(
        "fans swapped",
        "layers/dense.py",
        "(units, inputs), inputs, units)",
        "(units, inputs), units, inputs)",
        (f"{INIT}::test_weights_have_the_variance_of_their_law",),
    ),
    Mutant(
        "itd: the previous error is not led down through the feedback",
        "rules/itd.py",
        "pushed = back.pull(pushed)",
        "pushed = back.pull(before.error) if l == len(feedback) - 1 else incoming[0]",
        (f"{ITD}::test_closed_form",),
    ),
    Mutant(
        "itd: the previous signal is added",
        "rules/differencing.py",
        "return incoming - pushed\n",
        "return incoming + pushed\n",
        (f"{ITD}::test_closed_form",),
    ),
    Mutant(
        "itd: this iteration's error is remembered differenced",
        "rules/itd.py",
        "Trace(record.activities[1:], error, tuple(incoming))",
        "Trace(record.activities[1:], signals[-1], tuple(incoming))",
        (f"{ITD}::test_closed_form",),
    ),
    Mutant(
        "judgement: a partial order passes for a whole one",
        "reproduce/judgement/order.py",
        "if all(mean - half > 0 for mean, half in differences):",
        "if all(mean > 0 for mean, half in differences):",
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
        "itd: the error is not divided by the batch size",
        "rules/itd.py",
        "error = (record.output - batch.y) / size",
        "error, size = record.output - batch.y, 1",
        (f"{ITD}::test_multiplicative_variants_are_the_authors_loop[signal]",),
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
        "reproduce/judgement/order.py",
        "[[values[seed] for seed in shared] for values in by_seed]",
        "[list(values.values())[: len(shared)] for values in by_seed]",
        ("tests/reproduce/test_judgement.py::test_an_order_pairs_seeds_not_places",),
    ),
    Mutant(
        "divergence: the rule's state is not looked at",
        "training/divergence.py",
        "jax.tree.leaves((carry.net, carry.state))",
        "jax.tree.leaves(carry.net)",
        (f"{FIT}::test_values_that_no_loss_has_shown_yet_are_divergence_too",),
    ),
    Mutant(
        "ghost: ghosts add to the feedback",
        "dynamics/ghost.py",
        "above @ F.T - s @ G.T",
        "above @ F.T + s @ G.T",
        (f"{CIRCUIT}::test_errors_tend_to_the_gradient_at_first_order",),
    ),
    Mutant(
        "ghost: ghosts are linear",
        "dynamics/ghost.py",
        "ghosts = tuple(rho(v) for v in potentials.v)",
        "ghosts = potentials.v",
        (f"{CIRCUIT}::test_the_loop_is_the_equations",),
    ),
    Mutant(
        "ghost: the nudge pushes away",
        "dynamics/ghost.py",
        "phase.beta * (phase.y - rates[-1])",
        "phase.beta * (rates[-1] - phase.y)",
        (f"{CIRCUIT}::test_errors_tend_to_the_gradient_at_first_order",),
    ),
    Mutant(
        "ghost: units do not leak",
        "dynamics/ghost.py",
        "u + rate * (-u + a + e)",
        "u + rate * (a + e)",
        (f"{CIRCUIT}::test_free_phase_of_a_converged_circuit_is_the_feedforward_network",),
    ),
    Mutant(
        "ghost: potentials for rates in the main change",
        "dynamics/ghost.py",
        "rho(u) - rho(a) for u, a",
        "u - a for u, a",
        (f"{CIRCUIT}::test_the_loop_is_the_equations",),
    ),
    Mutant(
        "ghost: ghosts imitate rates, not potentials",
        "dynamics/ghost.py",
        "(u - v).T @ r",
        "(rho(u) - rho(v)).T @ r",
        (f"{CIRCUIT}::test_the_loop_is_the_equations",),
    ),
    Mutant(
        "ghost fast: the Gram matrix is left out",
        "dynamics/ghost_fast.py",
        "drive + eta_first * (gram * d if alone else gram @ d)",
        "drive + eta_first * d",
        (f"{CIRCUIT}::test_the_fast_twin_is_the_plain_loop",),
    ),
    Mutant(
        "ghost fast: W_1 learns from the last step alone",
        "dynamics/ghost_fast.py",
        "taught + d",
        "d",
        (f"{CIRCUIT}::test_the_fast_twin_is_the_plain_loop",),
    ),
    Mutant(
        "ghost fast: feedback stays that of the first step",
        "dynamics/ghost_fast.py",
        "phase.feedback((first, *s.above))",
        "phase.feedback((first, *weights.main[1:]))",
        (f"{CIRCUIT}::test_the_fast_twin_is_the_plain_loop",),
    ),
    Mutant(
        "ghost: teaching signals are not divided by beta",
        "rules/ghost.py",
        "-d / self.beta for d",
        "-d for d",
        (f"{GHOST}::test_mb_signals_are_backpropagations_nearly",),
    ),
    Mutant(
        "ghost: the change is not turned into a descent",
        "rules/ghost.py",
        "tuple(-c for c in change)",
        "change",
        (f"{GHOST}::test_credit_is_minus_the_change_of_two_plain_phases",),
    ),
    Mutant(
        "ghost: both phases are nudged",
        "rules/ghost.py",
        "Phase(x, batch.y, 0.0, feedback)",
        "Phase(x, batch.y, self.beta, feedback)",
        (f"{GHOST}::test_credit_is_minus_the_change_of_two_plain_phases",),
    ),
    Mutant(
        "ghost ma: lateral weights learn while clamped",
        "rules/ghost_ma.py",
        "Plasticity(main, 0.0, 0.0)",
        "Plasticity(main, lateral, lateral)",
        (f"{GHOST}::test_ma_learns_main_weights_while_clamped_and_lateral_ones_before",),
    ),
    Mutant(
        "ghost mb: to-ghosts weights learn",
        "rules/ghost_mb.py",
        "Plasticity(still, 0.0, self.dt * self.ghost_rate)",
        "Plasticity(still, 0.1, self.dt * self.ghost_rate)",
        (f"{GHOST}::test_mb_learns_from_ghosts_weights_while_free_and_main_ones_once",),
    ),
    Mutant(
        "ghost mb: main rates take dt",
        "rules/ghost_mb.py",
        "            self.rates_of_layers(net),",
        "            tuple(self.dt * eta for eta in self.rates_of_layers(net)),",
        (f"{GHOST}::test_mb_learns_from_ghosts_weights_while_free_and_main_ones_once",),
    ),
    Mutant(
        "ghost ma: main rates do without dt",
        "rules/ghost_ma.py",
        "self.dt * eta",
        "eta",
        (f"{GHOST}::test_ma_learns_main_weights_while_clamped_and_lateral_ones_before",),
    ),
    Mutant(
        "ghost: the rates of the layers change places",
        "rules/ghost.py",
        "else given\n",
        "else given[::-1]\n",
        (f"{GHOST}::test_mb_learns_from_ghosts_weights_while_free_and_main_ones_once",),
    ),
    Mutant(
        "ghost: a change is clipped after its rate",
        "dynamics/ghost.py",
        "eta * clipped(change, plasticity.clip)",
        "clipped(eta * change, plasticity.clip)",
        (f"{CIRCUIT}::test_clipping_bounds_each_change_before_its_rate",),
    ),
    Mutant(
        "ghost paper: another nudge",
        "rules/ghost_mb.py",
        "beta: float = 0.1",
        "beta: float = 1.0",
        (f"{GHOST_PAPER}::test_the_papers_tables",),
    ),
    Mutant(
        "ghost paper: the theorem without its correction",
        "papers/ghost_units/theorem.py",
        "jnp.linalg.solve(jnp.eye(len(M)) - M, led @ nudge)",
        "led @ nudge",
        (f"{GHOST_PAPER}::test_the_corrected_theorem_predicts_the_errors_of_mb",),
    ),
    Mutant(
        "ghost paper: training accuracies of the other feedback",
        "papers/ghost_units/tables.py",
        "feedback == 'fa'",
        "feedback == 'tf'",
        (f"{GHOST_PAPER}::test_table_1_puts_each_cell_beside_the_papers",),
    ),
    Mutant(
        "strides: the outputs are taken to be as stiff as hidden units",
        "dynamics/ghost_fast.py",
        "(1 + phase.beta * r[-1] * (1 - r[-1]),)",
        "(1.0,)",
        (f"{CIRCUIT}::test_strides_rest_where_euler_steps_do",),
    ),
    Mutant(
        "strides: explicit steps of weights",
        "dynamics/stepping.py",
        "* gain / (1 + gain)",
        "* 0",
        (f"{CIRCUIT}::test_a_stride_does_not_overshoot_along_the_leading_direction",),
    ),
    Mutant(
        "alignment: signal errors are relative to the rule's own signals",
        "diagnostics/alignment.py",
        "/ jnp.linalg.norm(b.ravel())",
        "/ jnp.linalg.norm(a.ravel())",
        (ALIGN,),
    ),
    Mutant(
        "within: any distance is near",
        "reproduce/judgement/within.py",
        "if off <= self.distance:\n            verdict = Verdict.REPRODUCED",
        "if off >= 0:\n            verdict = Verdict.REPRODUCED",
        (f"{JUDGE}::test_within_a_stated_distance",),
    ),
    Mutant(
        "below: the interval does not count",
        "reproduce/judgement/bounds.py",
        "if clear > half:",
        "if clear > 0:",
        (f"{JUDGE}::test_below_mirrors_above",),
    ),
    Mutant(
        "stdp: the global sign is flipped",
        "rules/stdp_signs.py",
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
        "rules/stdp_curve.py",
        "x**3 * p",
        "x**2 * p",
        (f"{STDP}::test_both_curves_are_functions_of_spike_times",),
    ),
    Mutant(
        "stdp: the peak lies at p = 2x",
        "rules/stdp_curve.py",
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
        "1.0 - 2.0 * (jnp.arange(size) % 2)",
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
        "layers/pairing.py",
        "jnp.ones((), weight.dtype)",
        "jnp.zeros((), weight.dtype)",
        (f"{STDP}::test_the_update_by_hand",),
    ),
    Mutant(
        "attack: what is proposed is not clipped",
        "adversarial/attempt.py",
        "project(attack.propose(rise, u, eps, key), u, eps)",
        "attack.propose(rise, u, eps, key)",
        (f"{ATTACKS}::test_the_shell_clips_what_an_attack_proposes",),
    ),
    Mutant(
        "attack: what is wrong already may become right",
        "adversarial/attempt.py",
        "jnp.where(right, proposed, u)",
        "proposed",
        (f"{ATTACKS}::test_what_is_wrong_already_stays_as_it_is_and_does_not_become_right",),
    ),
    Mutant(
        "attack: the guide answers for the victim",
        "adversarial/attempt.py",
        "return perturbed, victim.labels(perturbed)",
        "return perturbed, guide.labels(perturbed)",
        (f"{ATTACKS}::test_the_victim_answers_whoever_leads_the_attack",),
    ),
    Mutant(
        "attack: pgd goes down",
        "adversarial/pgd.py",
        "now + self.size * eps",
        "now - self.size * eps",
        (f"{ATTACKS}::test_fgsm_is_one_whole_step_from_the_clean_input",),
    ),
    Mutant(
        "attack: softening changes the outputs",
        "adversarial/softening.py",
        "return sloped + jax.lax.stop_gradient(self.activation(a) - sloped)",
        "return sloped",
        (
            f"{ATTACKS}::test_a_softened_network_answers_the_same_and_has_slopes_where_units_saturate",
        ),
    ),
    Mutant(
        "attack: one attack that fails makes an example safe",
        "adversarial/survey.py",
        "np.all([found",
        "np.any([found",
        (f"{MASKING}::test_worst_is_right_only_where_every_attack_left_it_right",),
    ),
    Mutant(
        "masking: the twin is no reference",
        "adversarial/masking.py",
        "_mean(twins, attack, eps) if twins else",
        "0.0 if twins else",
        (f"{MASKING}::test_saturation_that_only_hides_the_slopes_is_called_masking_alone",),
    ),
    Mutant(
        "judgement: one seed is every seed",
        "reproduce/judgement/every.py",
        "if reached == len(values):",
        "if reached:",
        ("tests/reproduce/test_judgement.py::test_every_means_every_seed",),
    ),
    Mutant(
        "judgement: near by the mean alone",
        "reproduce/judgement/near.py",
        "if mean - half > -self.margin:",
        "if mean > -self.margin:",
        ("tests/reproduce/test_judgement.py::test_near_is_within_a_margin_seed_by_seed",),
    ),
    Mutant(
        "windows: the odd zero comes first",
        "layers/window.py",
        "(missing // 2, missing - missing // 2)",
        "(missing - missing // 2, missing // 2)",
        (f"{IMAGES}::test_it_is_a_plain_loop",),
    ),
    Mutant(
        "windows: rows and columns of a patch change places",
        "layers/window.py",
        "for i in range(self.kernel[0])\n            for j in range(self.kernel[1])",
        "for j in range(self.kernel[1])\n            for i in range(self.kernel[0])",
        (f"{IMAGES}::test_it_is_a_plain_loop",),
    ),
    Mutant(
        "windows: the stride is left out of the fans",
        "layers/window.py",
        "area * channels // self.stride**2",
        "area * channels",
        (f"{IMAGES}::test_pulling_is_the_transpose_and_fans_count_connections",),
    ),
    Mutant(
        "local: positions share a bias",
        "layers/windowed.py",
        "self.bias.reshape(-1, a.shape[-1])",
        "self.bias.reshape(-1, a.shape[-1])[:1]",
        (f"{IMAGES}::test_it_is_a_plain_loop",),
    ),
    Mutant(
        "local: half of the patches' derivative is lost",
        "layers/local.py",
        '"pcb,pck->pbk", transposed, weight',
        '"pcb,pck->pbk", transposed / 2, weight',
        (f"{IMAGES}::test_with_tied_weights_a_locally_connected_layer_is_a_convolution",),
    ),
    Mutant(
        "windowed: examples and positions change places",
        "layers/windowed.py",
        "(self.image(x))).swapaxes(0, 1)",
        "(self.image(x)))",
        (f"{IMAGES}::test_a_convolution_is_xlas_own",),
    ),
    Mutant(
        "net: the layers come in another order",
        "architecture.py",
        "(*settings.stack, Fc(",
        "(*settings.stack[::-1], Fc(",
        (f"{STACK}::test_the_papers_stacks_have_the_papers_shapes",),
    ),
    Mutant(
        "dtp: the difference is dropped",
        "rules/inverses.py",
        "below - g(h) + g(targets[0])",
        "g(targets[0])",
        (f"{TARGETS}::test_whatever_the_inverses_a_satisfied_layer_asks_for_nothing",),
    ),
    Mutant(
        "dtp: the difference has the wrong sign",
        "rules/inverses.py",
        "below - g(h) + g(targets[0])",
        "below + g(h) - g(targets[0])",
        (f"{TARGETS}::test_with_exact_inverses_targets_have_their_gauss_newton_form",),
    ),
    Mutant(
        "dtp: the target lies uphill",
        "rules/dtp.py",
        "hidden[-1] - self.alpha",
        "hidden[-1] + self.alpha",
        (f"{TARGETS}::test_by_hand_difference_target_propagation",),
    ),
    Mutant(
        "local losses: averaged for summed",
        "rules/inverses.py",
        "return self.scale\n",
        "return self.scale / units\n",
        (f"{TARGETS}::test_with_gradient_targets_and_halved_losses_it_is_bp",),
    ),
    Mutant(
        "inverses: the noise is forgotten",
        "rules/inverses.py",
        "noisy = h + loss.sigma *",
        "noisy = h + 0.0 *",
        (f"{TARGETS}::test_inverses_descend_their_own_loss",),
    ),
    Mutant(
        "inverses: noise-preserving is denoising",
        "rules/inverses.py",
        "return noisy\n",
        "return h\n",
        (f"{TARGETS}::test_inverses_descend_their_own_loss",),
    ),
    Mutant(
        "inverses: they are the transposed forward weights",
        "layers/transposed.py",
        "layer.redrawn(init, key).weight",
        "1.0 * layer.weight",
        (
            f"{TARGETS}::test_inverse_layers_have_the_transposed_connections_and_weights_of_their_own",
        ),
    ),
    Mutant(
        "sdtp: the uppermost target is led by the output's weights",
        "rules/sdtp.py",
        "self.step * (g(batch.y) - g(record.output))",
        "self.step * net.layers[-1].pull(batch.y - record.output)",
        (
            f"{TARGETS}::test_only_dtp_reads_forward_weights_and_only_the_output_layers",
            f"{TARGETS}::test_no_signal_is_pulled_through_forward_weights_but_dtps_at_the_output",
        ),
    ),
    Mutant(
        "ao-sdtp: the label's inverse does not see the features",
        "rules/ao_sdtp.py",
        "g(beside(batch.y, z))",
        "g(beside(batch.y, 0 * z))",
        (f"{TARGETS}::test_by_hand_the_uppermost_targets_that_need_no_gradient",),
    ),
    Mutant(
        "turns: the network goes first",
        "training/turns.py",
        "((LEARNED,), (NETWORK,))",
        "((NETWORK,), (LEARNED,))",
        (f"{TURNS}::test_by_the_epoch_a_whole_pass_belongs_to_one_of_them",),
    ),
    Mutant(
        "turns: the network is stepped at every turn",
        "training/epoch.py",
        "if turn.network:",
        "if True:",
        (f"{TURNS}::test_by_the_batch_they_take_turns_on_every_minibatch",),
    ),
    Mutant(
        "turns: what is learned has the network's rate",
        "training/optimizer.py",
        "lr=settings.lr if settings.learned_lr is None else settings.learned_lr",
        "lr=settings.lr",
        (f"{TURNS}::test_each_group_has_its_own_rate_whatever_the_turns",),
    ),
    Mutant(
        "augmentation: one crop for all images of a batch",
        "data/augmentation.py",
        "jax.random.randint(key, (x.shape[0], 2)",
        "jax.random.randint(key, (1, 2)",
        (f"{AUGMENT}::test_each_version_occurs_and_no_other",),
    ),
    Mutant(
        "augmentation: the same changes in every epoch",
        "training/train.py",
        "jax.random.fold_in(keys.augmentation, number)",
        "keys.augmentation",
        (f"{AUGMENT}::test_an_image_is_another_at_every_epoch_and_the_same_in_all_turns_of_one",),
    ),
    Mutant(
        "regenerated feedback: every unit's weights are the same",
        "feedback/broadcast.py",
        "jax.random.fold_in(key, unit)",
        "jax.random.fold_in(key, 0 * unit)",
        (f"{DFA}::test_regenerated_feedback_has_the_law_of_the_stored_one",),
    ),
    Mutant(
        "alignment: what a rule keeps is forgotten from batch to batch",
        "diagnostics/alignment.py",
        "return (credit.kept, jax.tree.map",
        "return (kept, jax.tree.map",
        (f"{ALIGN}::test_what_a_rule_keeps_goes_from_batch_to_batch",),
    ),
    Mutant(
        "pgd: the path leaves the reach between steps",
        "adversarial/pgd.py",
        "return project(now + self.size * eps * jnp.sign(slope(now)), u, eps), None",
        "return now + self.size * eps * jnp.sign(slope(now)), None",
        (f"{ATTACKS}::test_iteration_stays_within_reach_at_every_step",),
    ),
    Mutant(
        "attack: another seed's guide leads the transfer",
        "adversarial/run.py",
        "guides.get(seed, guides[min(guides)])",
        "guides[min(guides)]",
        (f"{ATTACKED}::test_the_guide_is_the_network_of_the_same_seed_and_selection[last]",),
    ),
    Mutant(
        "attack: the guide is its last network, whichever was asked for",
        "adversarial/run.py",
        "theirs, guides = _victims(guide, network)",
        "theirs, guides = _victims(guide, Last())",
        (f"{ATTACKED}::test_the_guide_is_the_network_of_the_same_seed_and_selection[best]",),
    ),
    Mutant(
        "attack: what was asked for is reported as fgsm",
        "adversarial/survey.py",
        "return spell(asked[attack]) if attack in asked else attack",
        "return attack",
        (f"{MASKING}::test_reports_call_an_attack_what_was_asked_for",),
    ),
    Mutant(
        "best: the last network is kept in its place",
        "training/recording.py",
        "row], self._target) is row:",
        "row], self._target) is not None:",
        (f"{BEST}::test_it_is_the_network_that_the_summary_names",),
    ),
    Mutant(
        "best: its network is forgotten on resuming",
        "training/recording.py",
        "self._of(seed).best(latest, carry.net) if latest else None",
        "None",
        (f"{BEST}::test_it_outlives_an_interruption[killed-5]",),
    ),
    Mutant(
        "best: earlier epochs do not count on resuming",
        "training/recording.py",
        "self._best = best(rows, self._target)",
        "self._best = None",
        (f"{BEST}::test_it_outlives_an_interruption[killed-5]",),
    ),
    Mutant(
        "folder: the damaged last line of a finished run is dropped",
        "training/folder.py",
        "elif number < len(lines) or self.finished:",
        "elif number < len(lines):",
        (
            "tests/report/test_report.py::test_a_torn_last_line_is_left_out_of_an_unfinished_run_alone",
        ),
    ),
    Mutant(
        "stdp: the first class gets the remainder",
        "rules/associative_stdp.py",
        "return [(k + 1) * units // classes - k * units // classes for k in range(classes)]",
        "return [units - (classes - 1) * (units // classes)] + [units // classes] * (classes - 1)",
        (f"{STDP}::test_blocks_are_as_equal_as_can_be",),
    ),
    Mutant(
        "search: a log range is drawn from evenly",
        "ranges.py",
        "return self.low * (self.high / self.low) ** u",
        "return self.low + u * (self.high - self.low)",
        (f"{SPACE}::test_an_interval_is_spread_evenly_on_its_scale",),
    ),
    Mutant(
        "search: the upper end of whole numbers is never drawn",
        "ranges.py",
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
        "transmission: zero has the sign of what is above it",
        "transmission.py",
        "h > 0, 1.0",
        "h >= 0, 1.0",
        (f"{SENT}::test_signs",),
    ),
    Mutant(
        "transmission: the gradient of signs is the true one, zero",
        "layers/transmitted.py",
        "return sent + (x - jax.lax.stop_gradient(x))",
        "return sent",
        (f"{DISCRETE}::test_by_hand_bp_is_the_straight_through_estimator_of_a_discrete_net",),
    ),
    Mutant(
        "transmission: samples are of the opposite probability",
        "transmission.py",
        "h.dtype) < h)",
        "h.dtype) > h)",
        (f"{SENT}::test_samples_have_the_activity_for_their_mean",),
    ),
    Mutant(
        "transmission: inverses of signs read the activity",
        "transmission.py",
        "return self if activation in SIGNED else Graded()",
        "return Graded()",
        (f"{DISCRETE}::test_by_hand_dtp_on_a_discrete_net",),
    ),
    Mutant(
        "transmission: inverses of samples read samples",
        "transmission.py",
        """    def returned(self, activation):
        return Graded()""",
        """    def returned(self, activation):
        return Sign()""",
        (f"{DISCRETE}::test_by_hand_dtp_and_the_straight_through_estimator_on_a_stochastic_net",),
    ),
    Mutant(
        "transmission: all layers share one draw",
        "network.py",
        "keys = jax.random.split(jax.random.fold_in(key, DRAWN), len(self.layers))",
        "keys = [jax.random.fold_in(key, DRAWN)] * len(self.layers)",
        (f"{SENT}::test_a_drawn_network_gives_the_same_at_every_call",),
    ),
    Mutant(
        "transmission: local rules join weights to the activity",
        "layers/pairing.py",
        "layer.read(x), post)",
        "x, post)",
        (f"{SENT}::test_local_rules_join_a_weight_to_what_is_sent",),
    ),
    Mutant(
        "transmission: training never draws",
        "training/epoch.py",
        "drawn = net.drawn(key)",
        "drawn = net",
        (f"{DISCRETE}::test_samples_change_from_step_to_step",),
    ),
    Mutant(
        "evaluation: one pass where several are asked for",
        "training/passes.py",
        "jax.random.key(EVALUATION), passes)",
        "jax.random.key(EVALUATION), 1)",
        (f"{SENT}::test_passes_are_averaged",),
    ),
    Mutant(
        "network: the layer itself reads what it should send",
        "architecture.py",
        "layers.append(transmitted(layer, sent))",
        "layers.append(transmitted(layer, spec.sends))",
        (f"{STACK}::test_what_a_layer_sends_the_one_above_reads",),
    ),
)


def is_caught(mutant: Mutant) -> bool:
    """Whether a test of the mutant's fails on a copy of src/ that has its defect.

    Raises `ValueError` if the defect cannot be planted and `RuntimeError` if pytest
    could not run the tests: neither says anything about them.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder).resolve() / "src"
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "src", copy, ignore=ignored, copy_function=os.symlink)
        plant(mutant, copy / "apical")
        code, said = run(copy, mutant.tests)
    if code not in (0, 1) or (code == 1 and " failed" not in said):
        raise RuntimeError(f"{mutant.name}: pytest could not test it, exit code {code}:\n{said}")
    return code == 1


def plant(mutant: Mutant, package: Path) -> None:
    """Replace the one place in the file below `package`."""
    path = package / mutant.file
    text = path.read_text()
    if (found := text.count(mutant.old)) != 1:
        raise ValueError(
            f"{mutant.name}: {mutant.file} must hold {mutant.old!r} exactly once, "
            f"found {found}; follow the change of the source in tests/mutants.py"
        )
    path.unlink()  # it may be a link to the source
    path.write_text(text.replace(mutant.old, mutant.new))


def run(source: Path, tests: tuple[str, ...]) -> tuple[int, str]:
    """pytest's exit code and output on these tests of the package in `source`."""
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "said"
        process = SERVER.Process(target=_pytest, args=(source, tests, said))
        process.start()
        process.join()
        assert process.exitcode is not None
        return process.exitcode, said.read_text()


def _pytest(source: Path, tests: tuple[str, ...], said: Path) -> None:
    """In a process of its own, that has not imported apical."""
    output = os.open(said, os.O_CREAT | os.O_WRONLY)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(ROOT)
    for key in [key for key in os.environ if key.startswith("PYTEST_")]:
        del os.environ[key]  # those of a pytest that this one runs in
    os.environ["PYTHONPATH"] = str(source)
    sys.path.insert(0, str(source))
    import pytest

    import apical

    if not Path(apical.__file__).is_relative_to(source):
        sys.exit(f"tested {apical.__file__}, not the copy in {source}")
    sys.exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests]))


def main(words: list[str]) -> int:
    """Plant the defects, print a line each, and give the exit code."""
    chosen = [m for m in MUTANTS if not words or any(word in m.name for word in words)]
    survivors = 0
    with ThreadPoolExecutor(2) as pool:
        for mutant, caught in zip(chosen, pool.map(is_caught, chosen), strict=True):
            print(f"{'caught  ' if caught else 'SURVIVED'}  {mutant.name}", flush=True)
            survivors += not caught
    print(f"{len(chosen) - survivors} of {len(chosen)} caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
