"""Defects of the kind this field gets wrong, planted one at a time: the tests must catch each."""

from tests.mutants import (
    adversarial,
    associative_stdp,
    differencing,
    feedback,
    ghost,
    network,
    reproduce,
    target_propagation,
    training,
    tuning,
)

MUTANTS = tuple(
    mutant
    for module in (
        feedback,
        network,
        training,
        differencing,
        reproduce,
        ghost,
        associative_stdp,
        adversarial,
        target_propagation,
        tuning,
    )
    for mutant in module.MUTANTS
)
