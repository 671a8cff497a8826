"""Attacks and masking."""

from tests.mutants.mutant import Mutant

ATTACKS = "tests/adversarial/test_attacks.py"
MASKING = "tests/adversarial/test_masking.py"
ATTACKED = "tests/adversarial/test_run.py"

MUTANTS = (
    Mutant(
        "attack: what is proposed is not clipped",
        "adversarial/attack.py",
        "project(attack.propose(objective_at, u, eps, key), u, eps)",
        "attack.propose(objective_at, u, eps, key)",
        (f"{ATTACKS}::test_the_shell_clips_what_an_attack_proposes",),
    ),
    Mutant(
        "attack: what is wrong already may become right",
        "adversarial/attack.py",
        "jnp.where(right, proposed, u)",
        "proposed",
        (f"{ATTACKS}::test_what_is_wrong_already_stays_as_it_is_and_does_not_become_right",),
    ),
    Mutant(
        "attack: the surrogate answers for the victim",
        "adversarial/attack.py",
        "return perturbed, victim.labels(perturbed)",
        "return perturbed, surrogate.labels(perturbed)",
        (f"{ATTACKS}::test_the_victim_answers_whoever_leads_the_attack",),
    ),
    Mutant(
        "attack: pgd goes down",
        "adversarial/attacks.py",
        "now + self.size * eps",
        "now - self.size * eps",
        (f"{ATTACKS}::test_fgsm_is_one_whole_step_from_the_clean_input",),
    ),
    Mutant(
        "attack: softening changes the outputs",
        "adversarial/victim.py",
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
        "pgd: the path leaves the reach between steps",
        "adversarial/attacks.py",
        "return project(now + self.size * eps * jnp.sign(slope(now)), u, eps), None",
        "return now + self.size * eps * jnp.sign(slope(now)), None",
        (f"{ATTACKS}::test_iteration_stays_within_reach_at_every_step",),
    ),
    Mutant(
        "attack: another seed's twin leads the transfer",
        "adversarial/survey.py",
        "twins.get(seed, twins[min(twins)])",
        "twins[min(twins)]",
        (f"{ATTACKED}::test_the_twin_is_the_network_of_the_same_seed_and_selection[last]",),
    ),
    Mutant(
        "attack: the twin is its last network, whichever was asked for",
        "adversarial/survey.py",
        "theirs, twins = _victims(twin, network)",
        "theirs, twins = _victims(twin, Last())",
        (f"{ATTACKED}::test_the_twin_is_the_network_of_the_same_seed_and_selection[best]",),
    ),
    Mutant(
        "attack: what was asked for is reported as fgsm",
        "adversarial/survey.py",
        "return spell(asked[attack]) if attack in asked else attack",
        "return attack",
        (f"{MASKING}::test_reports_call_an_attack_what_was_asked_for",),
    ),
    Mutant(
        "classes: a single unit stands for the first class",
        "networks/targets.py",
        "jnp.concatenate([1 - outputs, outputs], axis=-1)",
        "jnp.concatenate([outputs, 1 - outputs], axis=-1)",
        ("tests/test_targets.py::test_a_single_unit_stands_for_the_second_of_two_classes",),
    ),
    Mutant(
        "classes: a single unit's preactivation is that of the first class",
        "networks/targets.py",
        "jnp.concatenate([jnp.zeros_like(a), a], axis=-1)",
        "jnp.concatenate([a, jnp.zeros_like(a)], axis=-1)",
        (f"{ATTACKS}::test_margins_by_hand",),
    ),
)
