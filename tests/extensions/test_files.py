"""What a user writes in a file of their own works on the command line and in Python."""

import json
import os
import subprocess
import sys
from importlib.metadata import EntryPoint

import numpy as np
import pytest

import apical
from apical.errors import UsageError
from apical.rules import Rule
from apical.values import extensions
from apical.values.spelling import decode, encode
from apical.values.value import parse
from tests.commands import apical as command, apical_process

MINE = """
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import apical
from apical.adversarial.attack import GradientAttack
from apical.adversarial.attacks import FGSM
from apical.feedback import Transport
from apical.feedback.fixed_random import FixedRandom
from apical.measurements import Measurement
from apical.networks.activations import Activation
from apical.networks.layers.dense import Dense
from apical.networks.layers.layer import LayerSpec
from apical.networks.losses import Loss
from apical.networks.activations import softmax
from apical.networks.transmission import Graded, Transmission
from apical.rules import BP, Batch, Credit, Rule, State
from apical.rules.rule import Traits


class HalvedByMe(Rule):
    \"\"\"Backpropagation, times a factor.\"\"\"

    factor: float = 0.5

    @property
    def traits(self):
        return Traits(transport=Transport.WEIGHTS)

    def init(self, net, batch, key):
        return State()

    def credit(self, net, state, batch, key):
        found = BP().credit(net, state, batch, key)
        return Credit(jax.tree.map(lambda g: self.factor * g, found.network), found.signals)


class LostByMe(HalvedByMe):
    \"\"\"No number.\"\"\"

    factor: float = float("nan")


class Bent(Activation):
    \"\"\"a / (1 + |a|).\"\"\"

    lowest, highest = -1.0, 1.0

    def __call__(self, a):
        return a / (1 + jnp.abs(a))


class Doubled(LayerSpec):
    \"\"\"As fc, with twice the units.\"\"\"

    units: int
    sends: Transmission = Graded()

    def create(self, in_shape, activation, *, key, init, bias):
        return Dense.create(in_shape, 2 * self.units, activation, key=key, init=init, bias=bias)


class Smoothed(Loss):
    \"\"\"Cross-entropy with a tenth of the target spread over all classes.\"\"\"

    link, takes = softmax, "shares of one"

    def __call__(self, a, y, activation):
        return -jnp.sum((0.9 * y + 0.1 / y.shape[-1]) * jax.nn.log_softmax(a, axis=-1), axis=-1)

    def accepts(self, activation):
        return activation == softmax

    def units(self, n_classes):
        return n_classes

    def suits(self, y):
        return True


class Signed(FixedRandom):
    \"\"\"Fixed random weights, times a factor.\"\"\"

    factor: float = 1.0

    def init(self, net, key):
        drawn = FixedRandom.init(self, net, key)
        return jax.tree.map(lambda w: self.factor * w if eqx.is_array(w) else w, drawn)


class HalfStep(GradientAttack):
    \"\"\"Half a step of FGSM.\"\"\"

    part: float = 0.5

    @property
    def iterates(self):
        return False

    def propose(self, objective, u, eps, key):
        return FGSM().propose(objective, u, self.part * eps, key)


class UpdateSize(Measurement):
    \"\"\"The length of each layer's update.\"\"\"

    def __call__(self, net, x, y, update):
        return {"length": [jnp.linalg.norm(layer.weight) for layer in update.layers]}


def corners():
    draw = np.random.default_rng(0)
    x = draw.normal(size=(150, 2)).astype(np.float32)
    return apical.from_arrays(x, (x > 0).all(axis=1).astype(int), classes=("out", "in"))


def nothing():
    return 7
"""

BUDGET = ("--epochs", 1, "--batch-size", 30)


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    """One file a test module: a process imports a file once."""
    path = tmp_path_factory.mktemp("yours") / "extensions_of_mine.py"
    path.write_text(MINE)
    return path


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch):
    monkeypatch.setenv(extensions.VARIABLE, "")  # which the test changes, and is undone
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    os.environ.pop(extensions.VARIABLE, None)


def test_a_rule_is_trained_by_its_file_and_its_run_is_used(mine, tmp_path):
    out = tmp_path / "run"
    where = ("--data", f"{mine}:corners", "--hidden", f"{mine}:Doubled:4")
    kinds = (
        "--loss", f"{mine}:Smoothed", "--activation", f"{mine}:Bent",
        "--diagnose", f"{mine}:UpdateSize",
    )  # fmt: skip
    said = command(
        "train", f"{mine}:HalvedByMe", "--factor", 0.25, *where, *kinds, *BUDGET, "--out", out
    )
    assert "halved-by-me:0.25 on extensions_of_mine.corners" in said
    config = json.loads((out / "config.json").read_text())
    assert config["rule"] == {"type": "HalvedByMe", "factor": 0.25}
    assert config["settings"]["hidden"][0]["type"] == "Doubled"
    row = json.loads((out / "initial.jsonl").read_text())
    assert all(length > 0 for length in row["update_size"]["length"])
    layer = apical.load_model(out).network.layers[0]
    assert (layer.weight.shape, layer.activation.name) == ((8, 2), "bent")
    assert "halved-by-me:0.25" in command("evaluate", out, "--with", mine)
    np.testing.assert_allclose(
        apical.fit("halved-by-me:0.5", "digits", epochs=1, hidden=("doubled:3",)).models[0].epoch, 1
    )


@pytest.mark.hard
@pytest.mark.slow
def test_feedback_and_an_attack_of_a_file_are_used_from_the_command_line(mine, tmp_path):
    out, asked = tmp_path / "run", ("--data", "digits", "--hidden", 16, "--epochs", 3)
    command("train", "fa", "--feedback", f"{mine}:Signed:factor=-2", *asked, "--out", out)
    config = json.loads((out / "config.json").read_text())
    assert config["rule"]["feedback"] == {
        "type": "Signed", "law": {"type": "Glorot"}, "factor": -2.0,
    }  # fmt: skip
    ours = apical.fit("fa:signed:factor=-2", "digits", hidden=(16,), epochs=3, batch_size=100)
    (row,) = [row for row in ours.metrics if row["epoch"] == 3]
    assert (
        row["val_loss"]
        == json.loads((out / "metrics.jsonl").read_text().splitlines()[-1])["val_loss"]
    )
    attack = ("attack", out, "--eps", "0.1", "--examples", 100, "--out", tmp_path / "attack")
    said = command(*attack, "--attack", f"{mine}:HalfStep:1.0")
    assert "half-step:1.0" in said

    command(*attack[:-1], tmp_path / "fgsm", "--attack", "fgsm")

    def under(where):
        return (tmp_path / where / "attack.csv").read_text()

    assert under("attack").replace("half-step:1.0", "fgsm") == under("fgsm")


def test_a_new_process_is_told_the_file_of_a_run_and_reads_it_with_it(mine, tmp_path):
    out = tmp_path / "run"
    command("train", f"{mine}:HalvedByMe", "--data", "iris", "--hidden", 4, *BUDGET, "--out", out)

    def said(*args, **environment):
        done = subprocess.run(
            [sys.executable, "-m", "apical", *map(str, args)],
            capture_output=True, text=True, check=False, env=os.environ | environment,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    os.environ.pop(extensions.VARIABLE, None)
    code, text = said("evaluate", out)
    assert (code, "there is no 'HalvedByMe' here" in text) == (2, True)
    assert "if it is of a file of yours, add --with FILE.py" in text
    assert said("evaluate", out, APICAL_WITH=str(mine))[0] == 0


def test_other_commands_know_it_too(mine, tmp_path):
    for command_line in (
        ("compare", "bp", f"{mine}:HalvedByMe", "--data", "iris", "--hidden", 4, *BUDGET),
        ("train", "halved-by-me", "--with", mine, "--data", "iris", "--hidden", 4, *BUDGET),
        ("train", "halved-by-me", f"--with={mine}", "--data", "iris", "--hidden", 4, *BUDGET),
    ):
        assert "halved-by-me" in command(*command_line)
    assert "Backpropagation, times a factor." in command("train", "--help")


@pytest.mark.hard
def test_other_processes_know_it_too(mine, tmp_path):
    """And of a comparison one that diverges there is told as it is here."""
    small = ("--data", f"{mine}:corners", "--hidden", f"{mine}:Doubled:2", *BUDGET, "--jobs", 2)
    rules = ("bp", f"{mine}:HalvedByMe:0.25", f"{mine}:LostByMe")
    said = apical_process("compare", *rules, *small, "--out", tmp_path / "compared")
    assert "3 rules, 2 at a time" in said
    assert "lost-by-me is left out of the statistics; seed 0, epoch 1, " in said
    told = json.loads((tmp_path / "compared" / "comparison.json").read_text())
    assert [each["label"] for each in told["rules"]] == ["bp", "halved-by-me"]
    assert [each["where"] for each in told["diverged"]] == ["seed 0, epoch 1"]
    space = ("--space", "factor", "linear:0.1,1", "--trials", 2)
    apical_process("search", f"{mine}:HalvedByMe", *small, *space, "--out", tmp_path / "searched")
    assert len((tmp_path / "searched" / "trials.csv").read_text().splitlines()) == 3


@pytest.mark.parametrize(
    ("name", "content", "ask", "says"),
    [
        ("gone.py", None, "gone.py:Rule", "gone.py: not found; expected a Python file"),
        ("ext_a.py", "x = 1\n1 / 0\n", "ext_a.py:Rule", "ext_a.py, line 2: ZeroDivisionError: div"),
        ("ext_b.py", "def f(:\n", "ext_b.py:Rule", "ext_b.py, line 1: SyntaxError: invalid syntax"),
        ("ext_c.py", "import nowhere_at_all", "ext_c.py:R", "ModuleNotFoundError: No module named"),
        (
            "ext_d.py",
            "class Mine: pass",
            "ext_d.py:Mime",
            "there is no 'Mime'; did you mean 'M",
        ),
        ("ext_e.py", "class Mine: pass", "ext_e.py:Mine", "rule: there is no 'ext_e.Mine'"),
        ("json.py", "class Mine: pass", "json.py:Mine", "there is another module called json; ren"),
        ("a-b.py", "class Mine: pass", "a-b.py:Mine", "no name of a module; rename the file"),
        (
            "ext_f.py",
            "from apical.rules import FA as Base\nclass FA2(Base):\n    name = 'fa'\n",
            "ext_f.py:FA2",
            r"FA2: there is apical.rules.fa.FA of the same name; give it another \(name\)",
        ),
        (
            "ext_g.py",
            "from apical.rules import BP as Base\nclass DFA(Base):\n    name = 'not-dfa'\n",
            "ext_g.py:DFA",
            r"DFA: there is apical.rules.dfa.DFA of the same name; give it another \(class\)",
        ),
    ],
)
def test_a_bad_file_is_one_line(tmp_path, monkeypatch, name, content, ask, says):
    import re

    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / name).write_text(content)
    said = command("train", ask, "--data", "iris", code=2)
    assert re.search(says, said), said
    assert said.startswith("apical: ")
    assert said.count("\n") == 1
    assert parse(Rule, "fa") == apical.FA()  # what was refused stands for nothing
    assert decode(encode(apical.DFA())) == apical.DFA()


def test_a_function_that_makes_no_data_set_is_named(mine):
    said = command("train", "bp", "--data", f"{mine}:nothing", code=1)
    assert "extensions_of_mine.nothing: gave int, expected an apical.Dataset" in said


def test_a_configuration_imports_nothing(tmp_path, monkeypatch):
    """Whatever a run's files name, no file is run for it."""
    out, trap = tmp_path / "run", tmp_path / "trap.py"
    trap.write_text("raise SystemExit('imported')")
    apical.fit("bp", "iris", hidden=(4,), epochs=1, batch_size=30, out=out)
    config = json.loads((out / "config.json").read_text())
    for settings in ({"activation": f"{trap}:Bent"}, {"loss": {"type": f"{trap}:Smoothed"}}):
        changed = config | {"settings": config["settings"] | settings}
        (out / "config.json").write_text(json.dumps(changed))
        with pytest.raises(UsageError):
            apical.load_model(out)


def test_installed_packages_join(tmp_path, monkeypatch):
    (tmp_path / "installed_one.py").write_text(
        "from apical.rules import BP\nclass Installed(BP):\n    name = 'installed'\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    entries = [
        EntryPoint("one", "installed_one", extensions.GROUP),
        EntryPoint("broken", "installed_nowhere", extensions.GROUP),
    ]
    monkeypatch.setattr(extensions, "entry_points", lambda group: entries)
    extensions._load_installed.cache_clear()
    with pytest.warns(UserWarning, match="the package of installed_nowhere: ModuleNotFoundError"):
        extensions.load()
    assert "installed" in command("train", "--help")
    command("train", "installed", "--data", "iris", "--hidden", 4, *BUDGET)
    extensions._load_installed.cache_clear()
