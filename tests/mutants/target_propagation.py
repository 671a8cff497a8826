"""Target propagation: targets and inverses."""

from tests.mutants.mutant import Mutant

TARGETS = "tests/rules/target_propagation/test_targets.py"
INVERSES = "tests/rules/target_propagation/test_inverses.py"
LOCALITY = "tests/rules/target_propagation/test_locality.py"

MUTANTS = (
    Mutant(
        "dtp: the difference is dropped",
        "rules/target_propagation/dtp.py",
        "below - g(h) + g(targets[0])",
        "g(targets[0])",
        (f"{TARGETS}::test_whatever_the_inverses_a_satisfied_layer_asks_for_nothing",),
    ),
    Mutant(
        "dtp: the difference has the wrong sign",
        "rules/target_propagation/dtp.py",
        "below - g(h) + g(targets[0])",
        "below + g(h) - g(targets[0])",
        (f"{TARGETS}::test_with_exact_inverses_targets_have_their_gauss_newton_form",),
    ),
    Mutant(
        "dtp: the target lies uphill",
        "rules/target_propagation/dtp.py",
        "hidden[-1] - self.alpha",
        "hidden[-1] + self.alpha",
        (f"{TARGETS}::test_by_hand_difference_target_propagation",),
    ),
    Mutant(
        "local losses: averaged for summed",
        "rules/target_propagation/inverses.py",
        "return self.scale\n",
        "return self.scale / units\n",
        (f"{TARGETS}::test_with_gradient_targets_and_halved_losses_it_is_bp",),
    ),
    Mutant(
        "inverses: the noise is forgotten",
        "rules/target_propagation/inverses.py",
        "noisy = h + (loss.sigma if noise is None else noise) *",
        "noisy = h + 0.0 *",
        (f"{INVERSES}::test_inverses_descend_their_own_loss",),
    ),
    Mutant(
        "inverses: the noise falls by halves",
        "rules/target_propagation/rule.py",
        "self.inverse.sigma / (1 + epoch / self.noise_halved_after)",
        "self.inverse.sigma / 2 ** (epoch / self.noise_halved_after)",
        (f"{INVERSES}::test_the_noise_of_an_epoch_is_lee_et_als",),
    ),
    Mutant(
        "inverses: noise-preserving is denoising",
        "rules/target_propagation/inverses.py",
        "return noisy\n",
        "return h\n",
        (f"{INVERSES}::test_inverses_descend_their_own_loss",),
    ),
    Mutant(
        "inverses: drawn by the fans of the layer they lead back through",
        "networks/layers/transposed.py",
        "layer.weight.shape, reaches, reads)",
        "layer.weight.shape, reads, reaches)",
        (f"{INVERSES}::test_an_inverse_is_drawn_by_what_it_reads_itself",),
    ),
    Mutant(
        "sdtp: the label's inverse learns from preactivations",
        "rules/target_propagation/sdtp.py",
        "return net.layers[1:]\n",
        "return (*net.layers[1:-1], net.layers[-1].preactivation)\n",
        (f"{INVERSES}::test_by_hand_the_labels_inverse_reads_the_output_of_the_noisy_activity",),
    ),
    Mutant(
        "inverses: one draw for all of a shape",
        "rules/target_propagation/inverses.py",
        "keys = jax.random.split(key, len(layers))",
        "keys = [key] * len(layers)",
        (f"{INVERSES}::test_inverses_are_drawn_apart_by_the_rules_law",),
    ),
    Mutant(
        "inverses: they are the transposed forward weights",
        "networks/layers/transposed.py",
        "init.draw(key, layer.weight.shape, reaches, reads)",
        "1.0 * layer.weight",
        (
            f"{INVERSES}::test_inverse_layers_have_the_transposed_connections_and_weights_of_their_own",
        ),
    ),
    Mutant(
        "sdtp: the uppermost target is led by the output's weights",
        "rules/target_propagation/sdtp.py",
        "self.step * (g(batch.y) - g(record.output))",
        "self.step * net.layers[-1].pull(batch.y - record.output)",
        (
            f"{LOCALITY}::test_only_dtp_reads_forward_weights_and_only_the_output_layers",
            f"{LOCALITY}::test_no_signal_is_pulled_through_forward_weights_but_dtps_at_the_output",
        ),
    ),
    Mutant(
        "ao-sdtp: the label's inverse does not see the features",
        "rules/target_propagation/sdtp.py",
        "g(beside(batch.y, z))",
        "g(beside(batch.y, 0 * z))",
        (f"{TARGETS}::test_by_hand_the_uppermost_targets_that_need_no_gradient",),
    ),
    Mutant(
        "ao-sdtp: the step is whole",
        "rules/target_propagation/sdtp.py",
        "self.step * (g(beside(batch.y",
        "1.0 * (g(beside(batch.y",
        (f"{TARGETS}::test_by_hand_the_uppermost_targets_that_need_no_gradient",),
    ),
    Mutant(
        "target propagation study: convolutional networks have weights apart",
        "papers/target_propagation/networks.py",
        "Conv(s.kernel, s.channels, s.stride, s.padding) if isinstance(s, Lc) else s",
        "s",
        (
            "tests/papers/test_target_propagation.py"
            "::test_local_networks_are_table_2s_with_weights_apart_or_shared[mnist-lc-windows0]",
        ),
    ),
)
