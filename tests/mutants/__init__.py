"""Defects of the kind this field gets wrong, planted one at a time: the tests must catch each."""

from tests.mutants import (
    adversarial,
    associative_stdp,
    audit,
    comparison,
    data,
    diagnostics,
    differencing,
    feedback,
    generative,
    ghost,
    models,
    network,
    page,
    report,
    reproduce,
    runs,
    settings,
    stdp,
    target_propagation,
    training,
    tuning,
)

FILES = (
    feedback,
    network,
    report,
    training,
    diagnostics,
    audit,
    differencing,
    reproduce,
    runs,
    settings,
    ghost,
    associative_stdp,
    data,
    models,
    adversarial,
    target_propagation,
    tuning,
    comparison,
    page,
    generative,
    stdp,
)
"""The modules that list them."""

MUTANTS = tuple(mutant for file in FILES for mutant in file.MUTANTS)
