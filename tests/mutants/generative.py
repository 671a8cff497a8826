"""Generative models: inference, what a minibatch changes, samples, measures."""

from tests.mutants.mutant import Mutant

INFERENCE = "tests/generative/test_inference.py"
LESSONS = "tests/generative/test_lessons.py"
TRAINING = "tests/generative/test_training.py"
MODEL = "tests/generative/test_model.py"
MODALITIES = "tests/generative/test_modalities.py"
MEASURES = "tests/generative/test_measures.py"
AUTOENCODER = "tests/generative/test_target_autoencoder.py"
ENCODER = "tests/generative/test_encoder_of.py"
FIRST = f"{ENCODER}::test_the_first_layer_is_the_encoder_of_its_seed_and_all_else_is_as_ever"
OWN_ERRORS = f"{AUTOENCODER}::test_each_map_descends_its_own_error_with_constant_targets"
PRECISION = (
    "tests/test_accelerator.py"
    "::test_a_generative_model_trains_samples_and_is_measured_at_full_precision"
)
JUDGED = "test_real_examples_are_judged_better_than_what_an_untrained_model_samples"

MUTANTS = (
    Mutant(
        "inference: a layer does not meet those above it moved",
        "generative/inference.py",
        "g[l + 1](moved[l + 1])",
        "g[l + 1](h[l + 1])",
        (f"{INFERENCE}::test_by_hand_two_layers",),
    ),
    Mutant(
        "inference: what is compared is h and not its reconstruction",
        "generative/estimators.py",
        "read - f(decoded)",
        "read - h",
        (f"{INFERENCE}::test_by_hand_two_layers",),
    ),
    Mutant(
        "inference: what is missing is evidence",
        "generative/inference.py",
        "jnp.where(known, x, reconstruction)",
        "x",
        (
            f"{INFERENCE}::test_nothing_but_x_enters_where_all_is_known_and_none_of_it_where_nothing_is",
        ),
    ),
    Mutant(
        "inference: q is climbed for the layer's own activity alone",
        "generative/inference.py",
        "change += by.beta * by.estimator.rise(down, up, h[l], up(h[l]), above)",
        "pass",
        (f"{INFERENCE}::test_with_true_gradients_a_step_ascends_the_joint_and_q_on_any_maps",),
    ),
    Mutant(
        "update: targets are those of the layer's own reading",
        "generative/lessons.py",
        "zip(stack.decoders, down, (x, *h[:-1]), strict=True)",
        "zip(stack.decoders, down, up, strict=True)",
        (f"{TRAINING}::test_the_update_descends_the_stated_errors_with_constant_targets",),
    ),
    Mutant(
        "update: the errors are not halved",
        "generative/lessons.py",
        "modulate(self.a, self.error)",
        "modulate(self.a, 2 * self.error)",
        (f"{TRAINING}::test_the_update_descends_the_stated_errors_with_constant_targets",),
    ),
    Mutant(
        "temporal derivative: what is read is read after the step",
        "generative/lessons.py",
        "zip(h[:-1], noise, strict=True)",
        "zip(moved[:-1], noise, strict=True)",
        (f"{LESSONS}::test_the_temporal_derivative_is_a_sum_along_the_whole_way",),
    ),
    Mutant(
        "temporal derivative: the corruption ends before inference",
        "generative/lessons.py",
        "[a + n for",
        "[a + 0 * n for",
        (f"{LESSONS}::test_the_temporal_derivative_is_a_sum_along_the_whole_way",),
    ),
    Mutant(
        "temporal derivative: the end of the noise is left out",
        "generative/lessons.py",
        "_passed(above, read, begin, start[1:])",
        "_passed(above, read, start[1:], start[1:])",
        (f"{LESSONS}::test_the_temporal_derivative_is_a_sum_along_the_whole_way",),
    ),
    Mutant(
        "temporal derivative: weights go the other way",
        "generative/lessons.py",
        "layer.gradient(s, b - a)",
        "layer.gradient(s, a - b)",
        (f"{LESSONS}::test_inference_and_the_temporal_derivative_are_a_gradient_step_of_encoders",),
    ),
    Mutant(
        "temporal derivative: decoders take the derivative of their activations",
        "generative/lessons.py",
        "one.held for one in decoders",
        "one.descent for one in decoders",
        (f"{LESSONS}::test_the_temporal_derivative_takes_no_derivative_of_an_activation",),
    ),
    Mutant(
        "lessons: a model's own is not asked",
        "generative/iterated_target_prop.py",
        "self.lesson.learn(",
        "FinalValues().learn(",
        (f"{LESSONS}::test_a_minibatch_teaches_the_models_lesson",),
    ),
    Mutant(
        "corruption: one sample of the top",
        "generative/iterated_target_prop.py",
        "(self.samples, *h[-1].shape)",
        "(1, *h[-1].shape)",
        (f"{TRAINING}::test_corruption_is_gaussian_but_at_the_top_which_is_a_mean_of_samples",),
    ),
    Mutant(
        "stages: a stage begins a step late",
        "generative/stages.py",
        "step >= begins",
        "step > begins",
        (f"{TRAINING}::test_stages_begin_with_their_epochs",),
    ),
    Mutant(
        "prior: the factor is of the deviation",
        "generative/sampling.py",
        "jnp.sqrt(factor * self.variance)",
        "factor * jnp.sqrt(self.variance)",
        (f"{MODEL}::test_draws_from_the_prior_have_its_mean_and_the_variance_times_the_factor",),
    ),
    Mutant(
        "inpainting: what is known is decoded too",
        "generative/sampling.py",
        "jnp.where(known, x, stack.decoders[0](h[0]))",
        "stack.decoders[0](h[0])",
        (f"{MODEL}::test_what_is_known_is_never_changed_and_the_rest_is_filled_in",),
    ),
    Mutant(
        "parzen: the width is chosen on the test set",
        "generative/parzen.py",
        "log_likelihoods(samples, validation, sigmas).mean",
        "log_likelihoods(samples, test, sigmas).mean",
        (f"{MEASURES}::test_the_width_is_chosen_on_validation_and_the_mean_is_tests",),
    ),
    Mutant(
        "parzen: the sum over samples is no mean",
        "generative/parzen.py",
        "np.log(len(samples)) + ",
        "",
        (f"{MEASURES}::test_a_parzen_window_is_a_mixture_of_gaussians",),
    ),
    Mutant(
        "coverage: an example is a neighbour of itself",
        "generative/coverage.py",
        "-nearest[:, k]",
        "-nearest[:, k - 1]",
        (f"{MEASURES}::test_coverage_counts_balls",),
    ),
    Mutant(
        "learner: no noise in a step",
        "generative/learner.py",
        "model.learn(learned, x, rates, key)",
        "model.learn(learned, x, jax.tree.map(jnp.zeros_like, rates), key)",
        (f"{TRAINING}::test_a_step_is_inference_then_descent_at_the_stages_rates_and_noises",),
    ),
    Mutant(
        "corruption: encoders and decoders read one draw",
        "generative/iterated_target_prop.py",
        "h[:-1], rates.decoder_noise, keys[1]",
        "h[:-1], rates.decoder_noise, keys[0][1:]",
        (f"{TRAINING}::test_corruption_is_gaussian_but_at_the_top_which_is_a_mean_of_samples",),
    ),
    Mutant(
        "judge: the width is chosen on test",
        "generative/judge.py",
        "self.validation, self.test)",
        "self.test, self.validation)",
        (f"{MEASURES}::{JUDGED}",),
    ),
    Mutant(
        "judge: real and samples are exchanged",
        "generative/judge.py",
        "coverage(self._features_of_test, features)",
        "coverage(features, self._features_of_test)",
        (f"{MEASURES}::{JUDGED}",),
    ),
    Mutant(
        "generate: samples without rounds have rounds",
        "cli/generate.py",
        "rounds=times",
        "rounds=rounds",
        (f"{MEASURES}::test_each_column_is_measured_of_samples_with_its_rounds",),
    ),
    Mutant(
        "inpainting: another alpha than the model's",
        "generative/generative_model.py",
        "alpha = self.model.inference.alpha if alpha is None",
        "alpha = 0.3 if alpha is None",
        (f"{MODEL}::test_the_gaps_are_inferred_at_the_models_alpha_unless_another_is_asked_for",),
    ),
    Mutant(
        "autoencoder: the encoder's target is a round through the maps",
        "generative/target_autoencoder.py",
        "return 2 * h - f(g(h))",
        "return f(g(h))",
        (OWN_ERRORS,),
    ),
    Mutant(
        "autoencoder: the reflected input is what the decoder misses",
        "generative/target_autoencoder.py",
        "return f(2 * x - g(h))",
        "return f(x - g(h))",
        (f"{AUTOENCODER}::test_where_the_decoder_inverts_the_encoder_the_encoder_stays_as_it_is",),
    ),
    Mutant(
        "autoencoder: tied weights learn from the encoder's error alone",
        "generative/target_autoencoder.py",
        "weight = f.weight + g.weight.T",
        "weight = f.weight",
        (OWN_ERRORS,),
    ),
    Mutant(
        "autoencoder: the decoder reads the code of clean inputs",
        "generative/target_autoencoder.py",
        "(noisy,), (f(noisy),))",
        "(noisy,), (h,))",
        (OWN_ERRORS,),
    ),
    Mutant(
        "autoencoder: the error of the code is led through the decoder",
        "generative/target_autoencoder.py",
        "        if isinstance(learned, Tied):\n            found",
        "        through = jax.grad(lambda f: jnp.sum((g(f(noisy)) - x) ** 2))(f)\n"
        "        found = Update(Stack((through,), found.gradients.decoders), found.loss)\n"
        "        if isinstance(learned, Tied):\n            found",
        (f"{AUTOENCODER}::test_no_derivative_leads_through_a_map",),
    ),
    Mutant(
        "init-from: all seeds begin as the first",
        "generative/encoder_of.py",
        "models[own]",
        "models[min(models)]",
        (FIRST,),
    ),
    Mutant(
        "init-from: biases are drawn",
        "training/supervised.py",
        "with_parameters(first.weight, first.bias)",
        "with_parameters(first.weight, net.layers[0].bias)",
        (FIRST,),
    ),
    Mutant(
        "init-from: the digest is of the run's first seed",
        "training/task.py",
        "self.init_from.told(s, self._first(s))",
        "self.init_from.told(s, self._first(seeds[0]))",
        (f"{ENCODER}::test_the_run_tells_where_it_came_from_and_goes_on_bit_for_bit",),
    ),
    Mutant(
        "init-from: whatever lies at the place is the same",
        "training/recording.py",
        'if name != "run"',
        'if name not in ("run", "digest")',
        (f"{ENCODER}::test_another_encoder_at_the_same_place_is_another_run",),
    ),
    Mutant(
        "precision: the machine's own in training",
        "generative/fit.py",
        "@full_precision()\n",
        "",
        (PRECISION,),
    ),
    Mutant(
        "precision: the machine's own in samples",
        "generative/generative_model.py",
        "@full_precision()\n",
        "",
        (PRECISION,),
    ),
    Mutant(
        "precision: the machine's own in measures",
        "generative/judge.py",
        "    @full_precision()\n    def measure",
        "    def measure",
        (PRECISION,),
    ),
    Mutant(
        "modalities: the second reads what the first reads",
        "networks/layers/beside.py",
        "x[:, begin:end]",
        "x[:, : end - begin]",
        ("tests/layers/test_beside.py::test_it_is_a_block_diagonal_matrix_in_every_map",),
    ),
    Mutant(
        "modalities: both are read by all units",
        "generative/iterated_target_prop.py",
        "[m.sizes for m in self.modalities] or [",
        "[",
        (f"{MODALITIES}::test_a_modality_hears_of_another_from_above_alone",),
    ),
    Mutant(
        "labels: those of another class order",
        "data/dataset.py",
        "begin + c for c in chosen",
        "begin + c for c in range(len(chosen))",
        ("tests/data/test_labels.py::test_chosen_classes_have_as_many_values",),
    ),
    Mutant(
        "judge: labels are measured too",
        "generative/judge.py",
        "flat(self.task.data.without_labels(examples))",
        "flat(examples)",
        (
            "tests/papers/test_iterated_target_prop.py"
            "::test_samples_of_images_with_labels_are_judged_by_the_images",
        ),
    ),
    Mutant(
        "completion: the label is known",
        "papers/iterated_target_prop/examinations.py",
        "model.inpaint(raw, image, rounds",
        "model.inpaint(raw, image | True, rounds",
        (
            "tests/papers/test_iterated_target_prop.py"
            "::test_what_is_filled_in_is_what_the_other_modality_shows",
        ),
    ),
)
