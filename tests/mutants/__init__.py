"""Defects of the kind this field gets wrong, planted one at a time: the tests must catch each."""

from tests.mutants import (
    adversarial,
    associative_stdp,
    diagnostics,
    differencing,
    feedback,
    ghost,
    network,
    reproduce,
    target_propagation,
    training,
    tuning,
)

MUTANTS = (
    *feedback.MUTANTS,
    *network.MUTANTS,
    *training.MUTANTS,
    *diagnostics.MUTANTS,
    *differencing.MUTANTS,
    *reproduce.MUTANTS,
    *ghost.MUTANTS,
    *associative_stdp.MUTANTS,
    *adversarial.MUTANTS,
    *target_propagation.MUTANTS,
    *tuning.MUTANTS,
)
