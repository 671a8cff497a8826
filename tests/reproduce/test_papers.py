"""Every paper's folder is whole: claims, experiments, figures, and a README that is current."""

import pytest

from apical.errors import UsageError
from apical.reproduce import paper
from apical.reproduce.readme import with_results
from apical.reproduce.reproduce import PROTOCOLS
from apical.training.order import steps_in_epoch


@pytest.fixture(params=paper.names())
def name(request):
    return request.param


def test_claims_need_only_experiments_that_exist(name):
    read = paper.read(name)
    known = {e.name for e in read.module("experiments").experiments("paper")}
    ids = [claim.id for claim in read.claims]
    assert len(set(ids)) == len(ids)
    for claim in read.claims:
        assert claim.judgement.experiments <= known, claim.id
        assert set(claim.deviations) <= set(read.deviations), claim.id


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_experiments_are_possible_and_named_once(name, protocol):
    experiments = list(paper.read(name).module("experiments").experiments(protocol))
    names = [e.name for e in experiments]
    assert len(set(names)) == len(names)
    for experiment in experiments:
        assert steps_in_epoch(experiment.settings, 55000) > 0


def test_the_readme_shows_the_committed_results(name):
    folder = paper.read(name).folder
    text = (folder / "README.md").read_text()
    assert with_results(text, folder / "results") == text


def test_an_unknown_paper_or_claim_is_named():
    with pytest.raises(UsageError, match="did you mean 'itd'"):
        paper.read("idt")
    with pytest.raises(UsageError, match="claim: there is no 'vpb'"):
        paper.read("itd").choose(("vpb",))
