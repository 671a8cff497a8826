"""Training: data, order, steps, selection, resuming."""

from tests.mutants.mutant import Mutant

FIT = "tests/training/test_fit.py"
FOLDERS = "tests/training/test_run_folders.py"
DIVERGENCE = "tests/training/test_divergence.py"
PARTS = "tests/training/test_parts.py"
EVALUATE = "tests/training/test_evaluate.py"
BEST = "tests/training/test_best.py"
TOGETHER = "tests/training/test_together.py"
TURNS = "tests/training/test_turns.py"
AUGMENT = "tests/data/test_augmentation.py"
SENT = "tests/layers/test_transmission.py"
DISCRETE = "tests/rules/test_discrete.py"

MUTANTS = (
    Mutant(
        "step: the rule's memory is lost",
        "training/supervised.py",
        "State(learned, credit.kept, ",
        "State(learned, carry.state.kept, ",
        (f"{PARTS}::test_a_new_rule_needs_nothing_but_itself",),
    ),
    Mutant(
        "trainer: no epoch is ever over",
        "training/trainer.py",
        "self.learner.after_epoch(carry), [",
        "carry, [",
        (f"{TURNS}::test_an_epoch_of_falling_noise_is_one_of_that_constant_noise",),
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
        "training/trainer.py",
        "_Lane(s.seed, s.done)",
        "_Lane(s.seed, s.done + (s.done > 0))",
        (f"{FOLDERS}::test_interrupted_and_resumed_is_uninterrupted[1]",),
    ),
    Mutant(
        "resume: the optimizer's moments are lost",
        "training/recording.py",
        "return self._of(seed).restore(latest, carry), latest",
        "saved = self._of(seed).restore(latest, carry)\n        return type(carry)("
        "saved.net, carry.state, carry.optimizer, carry.learned_optimizer), latest",
        (f"{FOLDERS}::test_interrupted_and_resumed_is_uninterrupted[1]",),
    ),
    Mutant(
        "evaluation: padding counts in the loss",
        "training/supervised.py",
        "jnp.sum(mask * losses)",
        "jnp.sum(losses)",
        (f"{EVALUATE}::test_evaluation_masks_its_padding",),
    ),
    Mutant(
        "evaluation: padding counts in the accuracy",
        "networks/targets.py",
        "jnp.sum(mask * (decode",
        "jnp.sum((decode",
        (f"{EVALUATE}::test_evaluation_masks_its_padding",),
    ),
    Mutant(
        "selection: validation is measured on the test set",
        "training/task.py",
        '"val": (maps.validation, data.validation)',
        '"val": (maps.test, data.test)',
        (f"{FIT}::test_a_mapless_validation_split_is_allowed",),
    ),
    Mutant(
        "result: the test accuracy is validation's",
        "training/task.py",
        '"test": (maps.test, data.test)',
        '"test": (maps.validation, data.validation)',
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
        "channel_moments(splits.train)",
        "channel_moments(splits.test)",
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
        "step keys: both passes of an epoch have the same",
        "training/trainer.py",
        "seed.epoch * len(self._plan) + i",
        "seed.epoch",
        ("tests/training/test_trainer.py::test_every_pass_has_keys_of_its_own",),
    ),
    Mutant(
        "start: a rule sees the data before training",
        "training/trainer.py",
        "jax.tree.map(jnp.zeros_like, self.stream.first(self.batch_size))",
        "self.stream.first(self.batch_size)",
        ("tests/training/test_trainer.py::test_no_rule_sees_the_data_before_training",),
    ),
    Mutant(
        "keys: streams change places",
        "training/learner.py",
        "    order: PRNGKeyArray\n    step: PRNGKeyArray",
        "    step: PRNGKeyArray\n    order: PRNGKeyArray",
        ("tests/training/test_trainer.py::test_the_streams_of_a_seed_stay_what_they_are",),
    ),
    Mutant(
        "together: every seed meets the data as the first does",
        "training/stream.py",
        "[chunk.order for chunk in chunks]",
        "[first.order for chunk in chunks]",
        (f"{TOGETHER}::test_the_numbers_are_those_of_each_seed_alone[bp]",),
    ),
    Mutant(
        "together: the epochs of a seed that is lost are recorded",
        "training/trainer.py",
        "if s in going and s.trouble is None]",
        "if s in going]",
        (f"{TOGETHER}::test_a_seed_that_diverges_ends_as_it_does_alone",),
    ),
    Mutant(
        "together: seeds that are an epoch apart have the same keys",
        "training/trainer.py",
        "seed.epoch += 1",
        "seed.epoch = max(s.epoch for s in going) + (seed is seeds[0])",
        (f"{TOGETHER}::test_interrupted_and_resumed_is_uninterrupted[1]",),
    ),
    Mutant(
        "stream: every chunk has the first one's keys",
        "training/epoch.py",
        "every[done : done + steps]",
        "every[:steps]",
        ("tests/training/test_stream.py::test_chunks_change_nothing",),
    ),
    Mutant(
        "model: raw examples are not preprocessed",
        "training/model.py",
        "self.transform(jnp.asarray(x))",
        "jnp.asarray(x, float)",
        (f"{FOLDERS}::test_reloading_gives_the_trained_network",),
    ),
    Mutant(
        "order same each epoch",
        "training/stream.py",
        "jax.random.fold_in(keys.order, epoch)",
        "keys.order",
        (f"{PARTS}::test_each_step_has_randomness_of_its_own_and_each_epoch_an_order",),
    ),
    Mutant(
        "step keys same each epoch",
        "training/trainer.py",
        "jax.random.fold_in(seed.keys.step, seed.epoch * len(self._plan) + i)",
        "seed.keys.step",
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
        "training/supervised.py",
        "self.rule.init(net, self.batch(examples), keys.rule)",
        "self.rule.init(net, self.batch(examples), keys.net)",
        (f"{PARTS}::test_feedback_is_drawn_from_another_stream_than_the_network",),
    ),
    Mutant(
        "learned never learns",
        "training/supervised.py",
        "learned = optax.apply_updates(learned, changes)",
        "learned = learned",
        (f"{PARTS}::test_learned_feedback_is_stepped_by_the_optimizer",),
    ),
    Mutant(
        "best picks by test",
        "runs/summary.py",
        'r["seed"] == seed), metric("val"))',
        'r["seed"] == seed), metric("test"))',
        (f"{PARTS}::test_the_best_epoch_is_chosen_on_validation_the_first_of_equals",),
    ),
    Mutant(
        "best last of equals",
        "runs/best.py",
        '-r["epoch"])',
        'r["epoch"])',
        (f"{PARTS}::test_the_best_epoch_is_chosen_on_validation_the_first_of_equals",),
    ),
    Mutant(
        "test always recorded",
        "training/task.py",
        '("val", "test") if settings.record_test else ("val",)',
        '("val", "test")',
        (f"{PARTS}::test_the_test_set_is_looked_at_during_training_only_if_asked",),
    ),
    Mutant(
        "decode threshold",
        "networks/targets.py",
        "[1 - outputs, outputs]",
        "[0 * outputs, outputs]",
        (f"{PARTS}::test_decode_splits_a_single_unit_at_one_half",),
    ),
    Mutant(
        "divergence: the rule's state is not looked at",
        "training/supervised.py",
        '{**weights, "the rule\'s state": _size(carry.state)}',
        "weights",
        (f"{DIVERGENCE}::test_values_that_no_loss_has_shown_yet_are_divergence_too",),
    ),
    Mutant(
        "turns: the network goes first",
        "settings/turns.py",
        "((LEARNED,), (NETWORK,))",
        "((NETWORK,), (LEARNED,))",
        (f"{TURNS}::test_by_the_epoch_a_whole_pass_belongs_to_one_of_them",),
    ),
    Mutant(
        "turns: the network is stepped at every turn",
        "training/supervised.py",
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
        "training/stream.py",
        "jax.random.fold_in(keys.augmentation, epoch)",
        "keys.augmentation",
        (f"{AUGMENT}::test_an_image_is_another_at_every_epoch_and_the_same_in_all_turns_of_one",),
    ),
    Mutant(
        "best: the last network is kept in its place",
        "training/recording.py",
        'row], self._learner.metric("val")) is row:',
        'row], self._learner.metric("val")) is not None:',
        (f"{BEST}::test_it_is_the_network_that_the_summary_names",),
    ),
    Mutant(
        "best: its network is forgotten on resuming",
        "training/recording.py",
        "self._of(seed).best(latest, self._learner.parameters(carry))",
        "None",
        (f"{BEST}::test_it_outlives_an_interruption[killed-5]",),
    ),
    Mutant(
        "best: earlier epochs do not count on resuming",
        "training/recording.py",
        'if (row := best(rows, self._learner.metric("val"))) is not None:',
        "if (row := None) is not None:",
        (f"{BEST}::test_it_outlives_an_interruption[killed-5]",),
    ),
    Mutant(
        "folder: the damaged last line of a finished run is dropped",
        "runs/folder.py",
        "elif number < len(lines) or self.finished:",
        "elif number < len(lines):",
        (
            "tests/report/test_report.py::test_a_torn_last_line_is_left_out_of_an_unfinished_run_alone",
        ),
    ),
    Mutant(
        "transmission: training never draws",
        "training/supervised.py",
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
        "programs: networks that average other numbers of passes share them",
        "training/supervised.py",
        "steps_per_epoch=None, record_test=False)",
        "steps_per_epoch=None, record_test=False, passes=1)",
        (
            "tests/training/test_trainer.py"
            "::test_learners_share_programs_only_if_they_differ_in_what_no_program_reads",
        ),
    ),
    Mutant(
        "precision: the machine's own where a rule trains",
        "training/fit.py",
        "@full_precision()\ndef fit(",
        "def fit(",
        ("tests/test_accelerator.py::test_a_rule_trains_at_full_precision",),
    ),
    Mutant(
        "precision: the machine's own where seeds train apart",
        "training/how.py",
        "@full_precision()\ndef fit_apart(",
        "def fit_apart(",
        ("tests/test_accelerator.py::test_a_rule_trains_at_full_precision",),
    ),
)
