"""What Python says to a user's mistake, where nothing but the library checks types."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

SCRIPT = """
import pathlib
import apical
data = apical.load("iris")
few = {"epochs": 1, "batch_size": 10, "steps_per_epoch": 2}
def tried(call):
    try:
        print(call())
    except apical.UsageError as error:
        print("mistake:", error)
    except apical.DataError as error:
        print("data:", str(error).rpartition("/")[2])
tried(lambda: apical.FA("frsf"))
tried(lambda: apical.FA(apical.USF))
tried(lambda: apical.FA("frfs"))
tried(lambda: apical.FA(apical.FA))
tried(lambda: apical.DTP(alpha="x"))
tried(lambda: apical.AOSDTP(features=2.5))
tried(lambda: apical.GhostMB(main_rates=[4, "x"]))
tried(lambda: len(apical.fit(apical.FA, data, hidden=[8, 8], **few).metrics))
tried(lambda: len(apical.fit("fa:frsf", "iris", hidden=["fc:8,sign", 8], **few).metrics))
tried(lambda: apical.fit(apical, data))
tried(lambda: apical.search("fa", {"x": 1}))
tried(lambda: apical.fit("fa", data, overwrite="no"))
tried(lambda: apical.fit("fa", data, seeds="3"))
tried(lambda: apical.fit("fa", data, seed=1.5))
tried(lambda: apical.fit("fa", data, checkpoint_seconds="x"))
tried(lambda: apical.fit("fa", data, out=3))
tried(lambda: apical.fit("fa", data, out="/dev/null", **few))
tried(lambda: apical.fit("fa", data, transformation="adam"))
tried(lambda: apical.fit("fa", data, optimizer_args={"learning_rate": 1.0}, **few))
tried(lambda: apical.fit("fa", data, optimizer_args={"mu_dtype": 1.0}, **few))
tried(lambda: len(apical.search("fa", data, {"lr": "log:1e-4,1e-2"}, trials=2, **few).trials))
tried(lambda: apical.search("fa", data, {"lr": 3}))
tried(lambda: apical.search("fa", data, ["lr"]))
tried(lambda: apical.fit(apical.FA, data, **few).summary["rule"])
tried(lambda: apical.FA(feedback="uniform"))
tried(lambda: apical.fit("fa", data, {"epochs": 1}))
tried(lambda: apical.compare("bp", data))
tried(lambda: apical.compare(["bp", "fa"], data, {"epochs": 1}))
tried(lambda: apical.compare(["bp", "fa"], data, seeds="3"))
tried(lambda: apical.compare(["bp", "fa"], data, tune="3", out="nowhere"))
tried(lambda: apical.compare(["bp", "fa"], data, listeners=print))
tried(lambda: apical.search("fa", data, listeners=print))
tried(lambda: apical.load_model(3))
tried(lambda: apical.fit("fa", pathlib.Path("gone.csv")))
tried(lambda: apical.CSV(pathlib.Path("a.csv")))
tried(lambda: apical.fit("fa", data, schedule=0.5))
tried(lambda: apical.fit("fa", data, stop="early"))
tried(lambda: apical.sklearn.ApicalClassifier(settings=3).fit([[0.0], [1.0]], [0, 1]))
"""
SAID = """
FA(feedback=FRSF())
FA(feedback=USF())
mistake: feedback of fa: there is no 'frfs'; did you mean 'frsf'? known: brsf,
mistake: feedback of fa: must be a feedback (brsf, fixed-random, frsf, transpose, usf), got <class
mistake: alpha of dtp: must be a number, got 'x'
mistake: features of ao-sdtp: must be a whole number, got 2.5
mistake: main_rates[1] of ghost-mb: must be a number, got 'x'
1
1
mistake: rule: must be a rule (ao-sdtp, associative-stdp, bp, ...), got <module 'apical'
mistake: data: must be a data set or the name of one, got {'x': 1}; make one of arrays by
mistake: overwrite: must be True or False, got 'no'
mistake: seeds: must be a whole number, got '3'
mistake: seed: must be a whole number, got 1.5
mistake: checkpoint_seconds: must be a number, got 'x'
mistake: out: must be the path of a folder, got 3
mistake: out: must be a folder, and /dev/null is a file
mistake: transformation: must be an optimizer made by optax
mistake: optimizer adam: there is no 'learning_rate'
mistake: optimizer_args: the optimizer adam does not take {'mu_dtype': 1.0}
2
mistake: space, lr: must be a range (choice, linear, log, whole), got 3
mistake: space: must give names their ranges
fa
mistake: feedback of fa: there is no 'uniform'; known: brsf, fixed-random, frsf, transpose, usf
mistake: settings: must be an apical.Settings, got {'epochs': 1}; single settings are given by
mistake: rules: must be a list, got 'bp'; put it in brackets
mistake: settings: must be an apical.Settings, got {'epochs': 1}; single settings are given by
mistake: seeds: must be a whole number, got '3'
mistake: tune: must be a whole number, got '3'
mistake: listeners: must be a list, got <built-in function print>; put it in brackets
mistake: listeners: must be a list, got <built-in function print>; put it in brackets
mistake: run: must be a text, got 3
data: gone.csv: not found
CSV(file='a.csv')
mistake: schedule: must be a schedule (constant, cosine, hold, linear), got 0.5
mistake: stop: must be a list, got 'early'
mistake: settings: must give settings by their names, as in {'lr': 0.01}, got 3
"""


def test_values_are_taken_as_texts_and_classes_and_all_else_is_told_in_a_line():
    ran = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    for found, said in zip(lines, SAID.strip().splitlines(), strict=True):
        assert found.startswith(said)
