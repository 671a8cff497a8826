"""Holds a rule to the laws that its traits claim, on small networks of its recipe's kind."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from apical.audit import audit
from apical.audit.specimen import specimens
from apical.data import from_arrays
from apical.errors import UsageError
from apical.networks.layers import Fc
from apical.networks.network import Network
from apical.rules import Batch, Rule
from apical.testing import laws
from apical.training import fit
from apical.values.spelling import decode, encode, spell
from apical.values.value import parse, read


@dataclass(frozen=True)
class Law:
    """A law and a rule that claims it; a call raises `AssertionError` if it is broken."""

    name: str
    rule: Rule
    check: Callable[[Rule], Any]

    def __str__(self) -> str:
        return self.name

    def __call__(self) -> None:
        self.check(self.rule)


def laws_of(rule: Rule | type[Rule] | str) -> list[Law]:
    """The laws that a rule claims to keep.

    **Arguments:** `rule`: a rule, its class if it needs no hyper-parameters, or its spelling.

    !!! example

        >>> from apical.rules import BP
        >>> print(*laws_of(BP()), sep=", ")
        text, shapes, pure, mapped, gradient, average, rest, audit, trains
        >>> laws_of(BP())[1]()  # holds
    """
    chosen: Rule = read(Rule, rule, "rule")
    traits = chosen.traits
    claimed: dict[str, tuple[bool, Callable[[Rule], Any]]] = {
        "text": (True, _is_its_text),
        "shapes": (True, _in_float64(laws.has_the_shape_of_what_it_changes)),
        "pure": (True, _in_float64(laws.is_pure)),
        "mapped": (True, _in_float64(laws.maps_over_networks)),
        "gradient": (traits.gradient, _in_float64(laws.equals_bp)),
        "average": (traits.independent, _in_float64(laws.averages_over_examples)),
        "rest": (traits.error_driven, _in_float64(laws.rests_when_satisfied)),
        "audit": (True, _is_what_the_audit_sees),
        "trains": (True, _trains),
    }
    return [Law(name, chosen, check) for name, (is_claimed, check) in claimed.items() if is_claimed]


def check_rule(rule: Rule | type[Rule] | str) -> None:
    """Hold a rule to every law that it claims: that of its traits, and those of all rules.

    | law | what it says |
    |---|---|
    | text | its spelling and its JSON form give the rule back |
    | shapes | weight changes, signals and states have the shapes of what they are for |
    | pure | the same call gives the same, compiled or not |
    | mapped | several networks in one call get what each gets alone |
    | gradient | trait `gradient`: the pseudo-gradients are backpropagation's |
    | average | trait `independent`: a batch's is the mean of its examples' |
    | rest | trait `error_driven`: no output error, no change |
    | audit | no trait is contradicted by `apical.audit`, weight transport among them |
    | trains | `apical.fit` trains a small network by it, and the weights stay finite |

    **Arguments:** `rule`: as for `laws_of`.

    **Raises:** `AssertionError` with a line for each law that is broken; `UsageError` for a rule
    that takes no small fully connected network of its recipe's kind.
    """
    broken = []
    for law in laws_of(rule):
        try:
            law()
        except UsageError:
            raise
        except Exception as error:  # whatever the rule's own code raises
            told = "; ".join(line.strip() for line in str(error).splitlines() if line.strip())
            kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
            broken.append(f"{spell(law.rule)}: {law}: {kind}{told or 'does not hold'}"[:300])
    if broken:
        raise AssertionError("\n".join(broken))


def _in_float64(law: Callable[[Rule, Network, Batch], None]) -> Callable[[Rule], None]:
    def check(rule: Rule) -> None:
        with jax.enable_x64(True):
            (specimen,) = specimens(rule, 1)
            law(rule, specimen.net, specimen.now)

    return check


def _is_its_text(rule: Rule) -> None:
    for found in (parse(Rule, spell(rule)), decode(encode(rule))):
        assert found == rule, f"{found} is read from what {rule} writes"


def _is_what_the_audit_sees(rule: Rule) -> None:
    found = audit(rule).contradictions
    assert not found, "; ".join(found)


def _trains(rule: Rule) -> None:
    (specimen,) = specimens(rule, 1)
    *hidden, output = specimen.net.layers
    examples, draw = 60, np.random.default_rng(0)
    y = np.arange(examples) % max(2, output.out_shape[0])
    x = (draw.uniform(size=(examples, 7)) / 2 + y[:, None] / 8).astype(np.float32)
    data = from_arrays(x, y, validation=0, test=0)
    recipe = replace(
        rule.recipe,
        hidden=tuple(Fc(layer.out_shape[0]) for layer in hidden),
        epochs=1,
        batch_size=min(rule.recipe.batch_size, 20),
        steps_per_epoch=None,
        preprocessing=None,
    )
    begun = fit(rule, data, recipe, epochs=1)
    for name, weight in begun.models[0].weights.items():
        assert np.isfinite(weight).all(), f"{name} has values that are not finite"
