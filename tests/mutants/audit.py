"""Audits: what they would miss, or see where it is not."""

from tests.mutants.mutant import Mutant

CHEATS = "tests/audit/test_cheats.py::test_a_cheat_is_named"
RULES = "tests/audit/test_rules.py"
PAGE = f"{RULES}::test_no_claim_is_contradicted_and_the_page_says_what_was_found"
COMMAND = "tests/audit/test_command.py"

MUTANTS = (
    Mutant(
        "audit: activity is not held while weights change",
        "audit/held.py",
        "            return self.recorded + (plain.preactivation(x) - before)",
        "            return plain.preactivation(x) + 0 * before",
        (f"{RULES}::test_these_transport_none[fa]",),
    ),
    Mutant(
        "audit: derivatives are not tapped",
        "audit/held.py",
        "return h, slope * change",
        "return h, change + 0 * slope",
        (f"{CHEATS}[Asked]",),
    ),
    Mutant(
        "audit: a sign counts as the value",
        "audit/trace.py",
        "return Reached(np.zeros_like(given.values), given.values | given.signs",
        "return Reached(given.values, given.values | given.signs",
        (f"{RULES}::test_sign_symmetry_transports_signs_alone",),
    ),
    Mutant(
        "audit: the trace takes one branch",
        "audit/trace.py",
        "self.union([*found, self._spread(index, found[0].shape)])",
        "found[0]",
        (f"{CHEATS}[OneInTen]",),
    ),
    Mutant(
        "audit: an unknown operation depends on nothing",
        "audit/trace.py",
        "        together = self.union([each.all() for each in given])",
        "        together = self.nothing(())",
        ("tests/audit/test_trace.py::test_what_is_not_known_depends_on_all_and_is_named",),
    ),
    Mutant(
        "audit: what a rule learns stays as it was drawn",
        "audit/program.py",
        "b - RATE * g, state.learned",
        "b - 0 * g, state.learned",
        (f"{CHEATS}[LearnedFeedback]",),
    ),
    Mutant(
        "audit: what is learned by activity counts as reading weights",
        "audit/program.py",
        "net = held(past.net, x, a, ones(past.net), traced=True)",
        "net = past.net",
        (
            "tests/audit/test_cheats.py"
            "::test_an_honest_rule_that_learns_its_feedback_from_noise_is_not",
        ),
    ),
    Mutant(
        "audit: products are not counted",
        "audit/trace.py",
        "depth=depth + 1 if depth >= 0 else -1",
        "depth=depth",
        (f"{RULES}::test_dfa_waits_for_no_layer",),
    ),
    Mutant(
        "audit: signs of weights stay what they are",
        "audit/perturb.py",
        "np.where(np.arange(w.size) % 2, 1.0, -1.0)",
        "np.where(np.arange(w.size) % 2, 1.0, 1.0)",
        (f"{PAGE}[fa:usf]",),
    ),
    Mutant(
        "audit: one key stands for all",
        "audit/keys.py",
        "KEYS = 64",
        "KEYS = 1",
        (f"{CHEATS}[OneInTen]",),
    ),
    Mutant(
        "audit: what a rule keeps does not reach the next minibatch",
        "audit/program.py",
        "State(learn(state), say(given.past, state).kept, state.epoch)",
        "State(learn(state), state.kept, state.epoch)",
        (f"{CHEATS}[OfLastStep]",),
    ),
    Mutant(
        "audit: init meets the weights of now",
        "audit/program.py",
        "rule.init(given.first_net, given.first, given.first_key)",
        "rule.init(given.now.net, given.first, given.first_key)",
        (f"{CHEATS}[CopiedAtFirst]",),
    ),
    Mutant(
        "audit: signals are not looked at across examples",
        "audit/facts.py",
        "_mixes_examples(held) or _mixes_examples(whole)",
        "False",
        (f"{CHEATS}[Normalised]",),
    ),
    Mutant(
        "audit: a recipe of one example hides what examples are to each other",
        "audit/specimen.py",
        "dict.fromkeys((EXAMPLES, min(",
        "dict.fromkeys((min(",
        (f"{CHEATS}[NormalisedForOne]",),
    ),
    Mutant(
        "audit: a weight may read its layer's other weights",
        "audit/facts.py",
        "if reached[~own][..., n].any():",
        "if reached[own][..., n].sum() > units * inputs:",
        (f"{CHEATS}[SelfOrthogonal]",),
    ),
    Mutant(
        "audit: a weight may not read itself",
        "audit/facts.py",
        "own.flat[number] = True",
        "own.flat[number] = False",
        ("tests/audit/test_cheats.py::test_a_weight_may_read_itself",),
    ),
    Mutant(
        "audit: derivatives are not tapped in circuits",
        "audit/circuit.py",
        "net = tapped(given.net, given.slopes)",
        "net = tapped(given.net, tuple(jnp.ones(()) for _ in given.slopes))",
        (f"{CHEATS}[GhostDerivative]",),
    ),
    Mutant(
        "audit: two examples always add up",
        "audit/minibatches.py",
        "return not pairs or all(map(_add_up, *leaves))",
        "return True",
        (f"{CHEATS}[Whitened]",),
    ),
    Mutant(
        "audit: curves follow no derivative",
        "audit/curves.py",
        "& ~simple) > 0.5)",
        "& ~simple) > 1.5)",
        (f"{CHEATS}[Polynomial]", f"{CHEATS}[Difference]"),
    ),
    Mutant(
        "audit: updates follow no derivative",
        "audit/curves.py",
        "        updates, activation, nearly=False\n",
        "        0 * updates, activation, nearly=False\n",
        (f"{CHEATS}[PolynomialInUpdates]",),
    ),
    Mutant(
        "audit: only a layer's own derivative is looked for",
        "audit/measure.py",
        "if moved + 1 not in seen.derivatives",
        "if moved == l and moved + 1 not in seen.derivatives",
        (f"{CHEATS}[PolynomialAbove]",),
    ),
    Mutant(
        "audit: any circuit may be shown",
        "audit/circuit.py",
        "return max(map(float, apart)), tuple(steps)",
        "return 0.0, tuple(steps)",
        (f"{CHEATS}[OtherCircuit]",),
    ),
    Mutant(
        "audit: the trace alone is believed",
        "audit/findings.py",
        "max(a, b, key=ORDER[field.name].index)",
        "a",
        (f"{CHEATS}[ProbedByExamples]",),
    ),
    Mutant(
        "audit: feedback is not led to the transposed weights",
        "audit/transposed.py",
        "return leaf + part *",
        "return leaf + 0 *",
        (f"{RULES}::test_feedback_alignment_is_backpropagation_if_its_feedback_is_transposed",),
    ),
    Mutant(
        "audit: numbers take eight bytes",
        "audit/storage.py",
        "WORD = 4",
        "WORD = 8",
        (f"{PAGE}[fa]",),
    ),
    Mutant(
        "audit: sums pass for means",
        "audit/claims.py",
        "abs(times - examples) < ROUNDING * examples",
        "abs(times - examples) > ROUNDING * examples",
        (f"{CHEATS}[Summed]",),
    ),
    Mutant(
        "audit: a claim that does not hold is no error",
        "cli/audit.py",
        '        raise ApicalError("\\napical: ".join(lines))',
        '        console.print("\\n".join(lines))',
        (f"{COMMAND}::test_a_claim_that_does_not_hold_is_a_line_and_exit_code_1",),
    ),
)
