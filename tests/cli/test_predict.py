"""`apical predict`: the right class for the same digit in every kind of file."""

import re
from typing import Any

import numpy as np
import pytest
from PIL import Image

import apical
from apical.cli.evaluate import evaluate
from apical.cli.predict import predict
from apical.errors import UsageError


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "bp"
    apical.fit(apical.BP(), apical.load("digits"), hidden=(32,), epochs=15, lr=1e-2, out=out)
    return out


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")


def drawn():
    """Some digits of the test set as grey images of levels 0 to 255, and their classes."""
    test = apical.load("digits").test
    return np.kron(test.x[:40] * 255.0 / 16, np.ones((1, 4, 4))).astype(np.uint8), test.y[:40]


def told(capsys, run, paths, **options):
    """The classes in the table, and whether there was a note."""
    predict(run, tuple(paths), **options)
    said = capsys.readouterr().out
    rows = [line.split("│") for line in said.splitlines() if ".png" in line and "│" in line]
    return [int(row[2]) for row in rows], "note: " in said


def saved(folder, kind):
    """The digits as files: white on black unless it says otherwise."""
    make = {
        "grey": lambda x: Image.fromarray(x),
        "16 bits": lambda x: Image.fromarray(x.astype(np.uint16) * 257),
        "lying": lambda x: Image.fromarray(np.rot90(x)),  # with an orientation that rights it
        "white on nothing": lambda x: Image.merge("LA", [Image.fromarray(v) for v in (x | 255, x)]),
        "black on nothing": lambda x: Image.merge(
            "RGBA", [Image.fromarray(v) for v in (x * 0, x * 0, x * 0, x)]
        ),
        "black on white": lambda x: Image.fromarray(255 - x),
    }[kind]
    exif = Image.Exif()
    exif[274] = 6 if kind == "lying" else 1
    paths = [folder / f"{i}.png" for i in range(40)]
    for path, x in zip(paths, drawn()[0], strict=True):
        make(x).save(path, exif=exif)
    return paths


@pytest.mark.parametrize("kind", ["grey", "16 bits", "lying", "white on nothing"])
def test_white_digits_are_told_without_a_note(tmp_path, capsys, run, kind):
    found, note = told(capsys, run, saved(tmp_path, kind))
    assert np.mean(found == drawn()[1]) > 0.9
    assert not note


@pytest.mark.parametrize("kind", ["black on white", "black on nothing"])
def test_black_digits_are_told_once_they_are_inverted(tmp_path, capsys, run, kind):
    paths = saved(tmp_path, kind)
    found, note = told(capsys, run, paths, invert=True)
    assert np.mean(found == drawn()[1]) > 0.9
    assert not note
    found, note = told(capsys, run, paths)
    assert np.mean(found == drawn()[1]) < 0.5
    assert note


def test_the_note_names_the_images_it_is_about(tmp_path, capsys, run):
    dark, light = tmp_path / "dark.png", tmp_path / "light.png"
    Image.new("L", (8, 8), 0).save(dark)
    Image.new("L", (8, 8), 200).save(light)
    predict(run, (dark, light))
    said = capsys.readouterr().out
    assert f"note: {light}: the ground is light, that of digits dark; --invert swaps" in said
    predict(run, (dark, light), invert=True)
    said = capsys.readouterr().out
    assert f"note: {dark}: the ground is light, that of digits dark; leave out --invert" in said


def test_a_file_that_is_no_image_is_named(tmp_path, run):
    path = tmp_path / "text.png"
    path.write_text("not an image")
    with pytest.raises(UsageError, match=f"{path}: cannot be read as an image"):
        predict(run, (path,))


def test_the_confusion_matrix_has_a_row_a_class(capsys, run):
    evaluate(run, confusion=True)
    said = capsys.readouterr().out.partition("taken for")[2]
    rows = [line.split("│")[1:-1] for line in said.splitlines() if line.startswith("│")]
    counts = np.array([[int(cell) for cell in row[1:]] for row in rows])
    test = apical.load("digits").test
    assert counts.sum(axis=1).tolist() == np.bincount(test.y).tolist()
    assert np.trace(counts) == np.sum(apical.load_model(run).predict(test.x) == test.y)


def test_the_figure_has_the_counts_and_the_surest_mistakes_first(capsys, run, tmp_path):
    out = tmp_path / "mistakes.svg"
    evaluate(run, figure=out)
    assert f"figure: {out}" in capsys.readouterr().out
    text = out.read_text()
    model, test = apical.load_model(run), apical.load("digits").test
    counts = model.confusion(test.x, test.y)
    found = re.findall(r">([\d,]+)</tspan>|>([\d,]+)</text>", text)
    numbers = {a or b for a, b in found}
    assert {str(count) for count in counts.ravel() if count} <= numbers
    assert f"{counts.sum():,} answers" in text
    shown = [(a, b, float(p)) for a, b, p in re.findall(r">(\d) → (\d), (\d\.\d\d)<", text)]
    chances = model.predict_proba(test.x)
    given = chances.argmax(axis=1)
    wrong = np.flatnonzero(given != test.y)
    assert len(shown) == min(24, len(wrong)) > 0
    surest = wrong[np.argmax(chances[wrong].max(axis=1))]
    assert shown[0][:2] == (str(test.y[surest]), str(given[surest]))
    assert [p for _, _, p in shown] == sorted((p for _, _, p in shown), reverse=True)
    assert shown[0][2] == pytest.approx(chances[surest].max(), abs=0.006)


def test_a_table_has_the_matrix_alone_and_outputs_may_be_no_probabilities(tmp_path, capsys):
    asked: dict[str, Any] = {"hidden": (4,), "epochs": 1, "batch_size": 30}
    apical.fit("bp", "iris", out=tmp_path / "run", loss="squared-error", output="tanh", **asked)
    evaluate(tmp_path / "run", figure=tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text()
    assert "given class" in text
    assert "mistaken" not in text
    with pytest.raises(UsageError, match=r"evaluate: .*/b has no ending that says the format"):
        evaluate(tmp_path / "run", figure=tmp_path / "b")


def test_the_figure_of_many_classes_lists_the_most_frequent_mistakes(tmp_path):
    from apical.report.mistakes import Mistake, draw

    names = [f"class number {i} of all" for i in range(30)]
    counts = 9 * np.eye(30, dtype=int)
    counts[3, 5] = 7
    mistakes = [Mistake(np.zeros((4, 4, 3)), names[3], names[5], 0.5)] * 30
    text = draw(counts, names, mistakes, tmp_path / "a.svg", "made").read_text()
    assert "class number 3 … → class number 5 …" in text
    assert " 7, 44%" in text
    assert "24 of 30 examples that were mistaken" in text
