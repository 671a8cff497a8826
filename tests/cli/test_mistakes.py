"""What the command says to a user's mistake: the thing, the demand, what was found, what to do."""

import io
import threading

import pytest

from apical.cli.main import main
from tests.commands import apical, apical_process

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["trian"], "did you mean 'train'"),
        (["train", "fe"], "rule: there is no 'fe'"),
        (["train", "fa", "--data", "mnits"], "did you mean 'mnist'"),
        (["train", "fa", "--lrr", "1"], "--lrr"),
        (["train", "fa", "--feedback", "frfs"], "did you mean 'frsf'"),
        (["train", "fa", "--init", "uniform:x"], "expected float"),
        (["train", "fa", "--epochs", "ten"], "ten"),
        (["train", "fa", "--loss", "squared-error", "--output", "nope"], "nope"),
        (["train", "fa", "--output", "tanh"], "softmax"),
        (["train", "fa", "--epochs", "-3"], "epochs: must be 1 or more, got -3"),
        (["train", "fa", "--seeds", "0"], "seeds"),
        (["train", "fa", "--resume"], "need a folder"),
        (["train", "fa", "--net", "fc:9", "lc:3x3"], "channels is missing"),
        (["train", "fa", "--data", "digits", "--net", "lc:9x9,8,p0"], "do not fit an image of 8"),
        (["train", "dtp", "--alternate", "weekly"], "weekly"),
        (
            ["train", "dtp", "--learned-optimizer", "addam"],
            "learned_optimizer: there is no 'addam'",
        ),
        (["train", "dtp", "--net", "fc:9,bernoulli"], "layer 1, fc:9,bernoulli: bernoulli: an act"),
        (["train", "bp", "--net", "fc:9,sing"], "did you mean 'sign'"),
        (["train", "fa", "--classes", "1", "12"], "12"),
        (["train", "fa", "--hidden", "9", "--net", "fc:8"], "hidden, net: both name"),
        (
            ["train", "fa", "--data", "digits", "--hidden", "200000000"],
            "fc:200000000, takes the most",
        ),
        (
            ["train", "dtp", "--data", "digits", "--net", "conv:1x1,4000000", "conv:1x1,1"],
            "layer 1, conv:1x1,4000000, takes the most",
        ),
        (["train", "sdtp", "--step", "inf"], "step: must be a positive finite number, got inf"),
        (["reproduce", "itd", "--jobs", "0", "--out", "nowhere"], "jobs: must be 1 or more"),
        (["train", "fa", "--optimizer-args", "b1", "nan"], "b1 must be a finite number"),
        (["train", "ghost-mb", "--main-rates", "nan"], "main_rates: must be 0 or more and fin"),
        (["train", "ghost-mb", "--per-layer", "-1"], "per_layer: every layer needs a ghost"),
        (["train", "ghost-ma", "--tau", "0"], "tau: must be a positive finite number, got 0"),
        (["train", "ghost-ma-prime", "--clip", "0"], "clip: must be positive, got 0"),
        (
            ["search", "dtp", "--trials", "0", "--out", "nowhere"],
            "trials: must be 1 or more, got 0",
        ),
        (
            ["search", "fa", "--out", "nowhere", "--space", *(2 * ["lr", "log:1e-4,1e-2"])],
            "lr is given twice",
        ),
        (["reproduce", "itd", "--dry-run", "--out", __file__], "out: must be a folder"),
        (["evaluate", "/nowhere"], "not found"),
        (["compare", "bp"], "at least two"),
        (["data", "verify", "mnits"], "mnist"),
        (["train", "associative-stdp"], "choose two classes, as in classes 0 1"),
        (["train", "associative-stdp", "--curve", "corrected:0"], "eps: must be at least"),
        (["reproduce", "itd", "--only", "--out", "nowhere"], "only: asks for one claim or more"),
        (["attack", "/nowhere"], "not found"),
        (["attack", "/nowhere", "--attack", "noise"], "there is no 'noise'"),
        (["attack", "/nowhere", "--eps", "4/0"], "eps: must be a number above 0"),
        (["attack", "/nowhere", "--examples", "0"], "examples: must be 1 or more"),
        (["attack", "/nowhere", "--network", "bets"], "did you mean 'best'"),
    ],
)
def test_mistakes_get_one_readable_message_and_code_2(args, words):
    assert words in " ".join(apical(*args, code=2).split())


def test_a_mistake_ends_the_process_with_code_2_and_without_a_traceback():
    assert "did you mean 'train'" in apical_process("trian", code=2)


def test_memory_that_runs_out_is_told_and_other_errors_are_not_hidden(monkeypatch, capsys):
    def fail(message: str):
        def run(args):
            raise RuntimeError(message)

        return run

    monkeypatch.setattr("apical.cli.main.keep_compiled_programs", lambda: None)
    monkeypatch.setattr("apical.cli.data.main", fail("RESOURCE_EXHAUSTED: Out of memory"))
    with pytest.raises(SystemExit) as ended:
        main(["data"])
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("apical: out of memory; make")
    monkeypatch.setattr("apical.cli.data.main", fail("another"))
    with pytest.raises(RuntimeError, match="another"):
        main(["data"])


def test_refused_claims_leave_no_folder(tmp_path):
    out = tmp_path / "new"
    apical("reproduce", "itd", "--only", "vpb", "--recorded", "--out", str(out), code=2)
    assert not out.exists()


def test_letters_that_the_output_lacks_are_replaced(monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), "latin-1")
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("apical.cli.main._carry_out", lambda args: print("0.5 …"))
    main([])
    assert out.buffer.getvalue() == b"0.5 ?\n"


def test_ctrl_c_waits_for_no_timer(monkeypatch, capsys):
    """JAX has one of 60 seconds while it starts."""

    def interrupted(args):
        timer.start()
        raise KeyboardInterrupt

    timer = threading.Timer(60, print)
    monkeypatch.setattr("apical.cli.main._carry_out", interrupted)
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 130
    timer.join(5)
    assert not timer.is_alive()
    assert capsys.readouterr().err == "apical: interrupted\n"


def test_a_command_without_a_rule_says_which_there_are(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["train"])
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "ghost-mb" in told.err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["train", "dtp", "--resum"], "Unrecognized options: --resum; did you mean --resume? "),
        (["train", "fa", "--target", "input:x"], "--target: input:x: input takes 0 fields"),
        (["train", "fa", "--init", "a" * 500], "there is no 'aaa"),
        (["train", "fa", "--epochs", "x"], "Error parsing --epochs: "),
        (["search", "fa", "--out", "o", "--space", "lr"], "expected pairs of a name and a range"),
        (["data", "verif"], "command: there is no 'verif'; did you mean 'verify'?"),
        (["data", "list", "more"], "Unrecognized options: more; "),
        (["plot", "--out"], "Missing value for argument '--out'"),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, list) else "",
)
def test_arguments_that_are_not_taken_are_told_in_a_line(capsys, args, words):
    with pytest.raises(SystemExit) as ended:
        main(args)
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("apical: ")
    assert words in told
    assert told.count("\n") == 1


def test_brackets_in_a_path_are_no_markup(tmp_path, capsys):
    out = tmp_path / "[red]a[" / "[b]"
    main(
        [
            "train",
            "fa",
            "--data",
            "iris",
            "--hidden",
            "4",
            "--epochs",
            "1",
            "--batch-size",
            "30",
            "--out",
            str(out),
        ]
    )
    main(["evaluate", str(out)])
    main(["attack", str(out), "--eps", "0.1", "--examples", "5", "--out", str(tmp_path / "[/]")])
    assert f"run: {out}" in capsys.readouterr().out
    assert (tmp_path / "[/]" / "attack.csv").exists()
