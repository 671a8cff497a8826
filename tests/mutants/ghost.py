"""Ghost units: circuit, rules and what the paper's runs are examined for."""

from tests.mutants.mutant import Mutant

CIRCUIT = "tests/rules/ghost/test_circuit.py"
FAST = "tests/rules/ghost/test_fast.py"
STRIDES = "tests/rules/ghost/test_strides.py"
GHOST = "tests/rules/ghost/test_rule.py"
GHOST_PAPER = "tests/papers/test_ghost_units.py"

MUTANTS = (
    Mutant(
        "ghost: ghosts add to the feedback",
        "rules/ghost/circuit.py",
        "above @ F.T - s @ G.T",
        "above @ F.T + s @ G.T",
        (f"{CIRCUIT}::test_errors_tend_to_the_gradient_at_first_order",),
    ),
    Mutant(
        "ghost: ghosts are linear",
        "rules/ghost/circuit.py",
        "ghosts = tuple(rho(v) for v in potentials.v)",
        "ghosts = potentials.v",
        (f"{CIRCUIT}::test_the_loop_is_the_equations",),
    ),
    Mutant(
        "ghost: the nudge pushes away",
        "rules/ghost/circuit.py",
        "phase.beta * (phase.y - rates[-1])",
        "phase.beta * (rates[-1] - phase.y)",
        (f"{CIRCUIT}::test_errors_tend_to_the_gradient_at_first_order",),
    ),
    Mutant(
        "ghost: units do not leak",
        "rules/ghost/circuit.py",
        "u + rate * (-u + a + e)",
        "u + rate * (a + e)",
        (f"{CIRCUIT}::test_free_phase_of_a_converged_circuit_is_the_feedforward_network",),
    ),
    Mutant(
        "ghost: potentials for rates in the main change",
        "rules/ghost/circuit.py",
        "rho(u) - rho(a) for u, a",
        "u - a for u, a",
        (f"{CIRCUIT}::test_the_loop_is_the_equations",),
    ),
    Mutant(
        "ghost: ghosts imitate rates, not potentials",
        "rules/ghost/circuit.py",
        "(u - v).T @ r",
        "(rho(u) - rho(v)).T @ r",
        (f"{CIRCUIT}::test_the_loop_is_the_equations",),
    ),
    Mutant(
        "ghost fast: the Gram matrix is left out",
        "rules/ghost/fast.py",
        "drive + eta_first * (gram * d if alone else gram @ d)",
        "drive + eta_first * d",
        (f"{FAST}::test_the_fast_twin_is_the_plain_loop",),
    ),
    Mutant(
        "ghost fast: W_1 learns from the last step alone",
        "rules/ghost/fast.py",
        "taught + d",
        "d",
        (f"{FAST}::test_the_fast_twin_is_the_plain_loop",),
    ),
    Mutant(
        "ghost fast: feedback stays that of the first step",
        "rules/ghost/fast.py",
        "phase.feedback((first, *s.above))",
        "phase.feedback((first, *weights.main[1:]))",
        (f"{FAST}::test_the_fast_twin_is_the_plain_loop",),
    ),
    Mutant(
        "ghost: teaching signals are not divided by beta",
        "rules/ghost/rule.py",
        "-d / self.beta for d",
        "-d for d",
        (f"{GHOST}::test_mb_signals_are_backpropagations_but_for_second_order_in_the_weights[0]",),
    ),
    Mutant(
        "ghost: the change is not turned into a descent",
        "rules/ghost/rule.py",
        "tuple(-c for c in change)",
        "change",
        (f"{GHOST}::test_credit_is_minus_the_change_of_two_plain_phases",),
    ),
    Mutant(
        "ghost: both phases are nudged",
        "rules/ghost/rule.py",
        "Phase(x, batch.y, 0.0, feedback)",
        "Phase(x, batch.y, self.beta, feedback)",
        (f"{GHOST}::test_credit_is_minus_the_change_of_two_plain_phases",),
    ),
    Mutant(
        "ghost: units do not go on where the last example left them",
        "rules/ghost/rule.py",
        "        return kept.potentials, weights",
        "        return at_rest(flat(batch.x), weights), weights",
        (f"{GHOST}::test_credit_is_minus_the_change_of_two_plain_phases",),
    ),
    Mutant(
        "ghost: strides that do not divide a phase are told late",
        "rules/ghost/rule.py",
        "            self.stepping.steps(getattr(self, name))\n",
        "",
        (f"{GHOST}::test_refuses_what_it_cannot_serve",),
    ),
    Mutant(
        "ghost ma: a clip beside strides is told late",
        "rules/ghost/ma.py",
        "math.isfinite(self.clip) and self.stepping.length > 1",
        "False",
        (f"{GHOST}::test_refuses_what_it_cannot_serve",),
    ),
    Mutant(
        "ghost ma: lateral weights learn while clamped",
        "rules/ghost/ma.py",
        "Plasticity(main, 0.0, 0.0)",
        "Plasticity(main, lateral, lateral)",
        (f"{GHOST}::test_ma_learns_main_weights_while_clamped_and_lateral_ones_before",),
    ),
    Mutant(
        "ghost mb: to-ghosts weights learn",
        "rules/ghost/mb.py",
        "Plasticity(still, 0.0, self.dt * self.ghost_rate)",
        "Plasticity(still, 0.1, self.dt * self.ghost_rate)",
        (f"{GHOST}::test_mb_learns_from_ghosts_weights_while_free_and_main_ones_once",),
    ),
    Mutant(
        "ghost mb: main rates take dt",
        "rules/ghost/mb.py",
        "            self.rates_of_layers(net),",
        "            tuple(self.dt * eta for eta in self.rates_of_layers(net)),",
        (f"{GHOST}::test_mb_learns_from_ghosts_weights_while_free_and_main_ones_once",),
    ),
    Mutant(
        "ghost ma: main rates do without dt",
        "rules/ghost/ma.py",
        "rule.dt * eta",
        "eta",
        (f"{GHOST}::test_ma_learns_main_weights_while_clamped_and_lateral_ones_before",),
    ),
    Mutant(
        "ghost: the rates of the layers change places",
        "rules/ghost/rule.py",
        "else given\n",
        "else given[::-1]\n",
        (f"{GHOST}::test_mb_learns_from_ghosts_weights_while_free_and_main_ones_once",),
    ),
    Mutant(
        "ghost: a change is clipped after its rate",
        "rules/ghost/circuit.py",
        "eta * clipped(change, plasticity.clip)",
        "clipped(eta * change, plasticity.clip)",
        (f"{CIRCUIT}::test_clipping_bounds_each_change_before_its_rate",),
    ),
    Mutant(
        "ghost paper: another nudge",
        "rules/ghost/mb.py",
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
        "rules/ghost/fast.py",
        "(1 + phase.beta * r[-1] * (1 - r[-1]),)",
        "(1.0,)",
        (f"{STRIDES}::test_strides_rest_where_euler_steps_do",),
    ),
    Mutant(
        "strides: explicit steps of weights",
        "rules/ghost/stepping.py",
        "* gain / (1 + gain)",
        "* 0",
        (f"{STRIDES}::test_a_stride_does_not_overshoot_along_the_leading_direction",),
    ),
)
