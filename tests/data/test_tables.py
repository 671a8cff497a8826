"""A user's own files: what is in them becomes a data set, or the fault is named in a line."""

import json

import numpy as np
import pytest

import apical
from apical.data import Standardise
from apical.data.named import absolute
from apical.errors import DataError
from tests.commands import apical as command

X = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
NAMES = np.array(["ant", "bee", "cow"])
Y = NAMES[np.arange(60) % 3]


def table(path, rows=None, header="size,species,age,weight", between=","):
    rows = [[x[0], y, x[1], x[2]] for x, y in zip(X, Y, strict=True)] if rows is None else rows
    lines = [header, *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines).replace(",", between) + "\n")
    return path


@pytest.mark.parametrize(("name", "between"), [("a.csv", ","), ("a.CSV", ";"), ("a.tsv", "\t")])
def test_a_table_has_its_labels_in_the_column_that_is_named(tmp_path, name, between):
    path = table(tmp_path / name, between=between)
    data = apical.load(f"{path}:species")
    assert data.name == f"{path}:species"
    assert data.classes == tuple(NAMES)
    assert data.preprocessing == Standardise()
    assert tuple(map(len, data.splits)) == (36, 12, 12)
    for split in data.splits:
        for x, y in zip(split.x, split.y, strict=True):
            (row,) = np.flatnonzero((x == X).all(axis=1))
            assert Y[row] == data.classes[y]


@pytest.mark.parametrize("called", ["label", "Class", "target", "y"])
def test_a_usual_name_is_taken(tmp_path, called):
    path = table(tmp_path / "a.csv", header=f"size,{called},age,weight")
    assert apical.load(str(path)).classes == tuple(NAMES)


def test_labels_of_a_table_are_numbers_if_all_are(tmp_path):
    rows = [[x[0], i % 3 + 1, x[1], x[2]] for i, x in enumerate(X)]
    data = apical.load(f"{table(tmp_path / 'a.csv', rows)}:species")
    assert data.classes == ("1", "2", "3")
    assert np.array(data.labels).tolist() == [1, 2, 3]


def test_arrays_have_usual_names(tmp_path):
    path, pixels = tmp_path / "a.npz", np.arange(240, dtype=np.uint8).reshape(60, 2, 2)
    np.savez(path, x=pixels, y=Y)
    data = apical.load(str(path))
    assert (data.shape, data.classes, len(data.test)) == ((2, 2), tuple(NAMES), 12)
    np.savez(path, x_train=pixels, y_train=Y, x_test=pixels[:6], y_test=Y[:6], classes=NAMES[::-1])
    data = apical.load(str(path))
    assert (len(data.test), data.classes) == (6, tuple(NAMES[::-1]))
    np.testing.assert_array_equal(np.array(data.classes)[data.test.y], Y[:6])


def test_the_name_is_the_same_in_every_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert absolute("a.csv:b") == f"{tmp_path}/a.csv:b"
    assert absolute("a.npz+labels") == f"{tmp_path}/a.npz+labels"
    assert absolute("mnist") == "mnist"


def test_a_run_on_a_table_is_evaluated_and_exported_from_the_command_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table(tmp_path / "a.csv")
    short = ["--hidden", "5", "--epochs", "1", "--batch-size", "12", "--out", "run"]
    command("train", "fa", "--data", "a.csv:species", *short)
    assert json.loads((tmp_path / "run" / "config.json").read_text())["data"]["name"] == (
        f"{tmp_path}/a.csv:species"
    )
    said = command("evaluate", "run", "--confusion")
    assert all(name in said for name in NAMES)
    (tmp_path / "a.csv").unlink()  # a model needs it no longer
    assert set(apical.load_model("run").predict(X)) <= set(NAMES)


LINES = [f"{x[0]},{y},{x[1]},{x[2]}" for x, y in zip(X, Y, strict=True)]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv:species", "", r"expected a line with the names of two columns or more, found \[\]"),
        ("a.csv:species", "size,species\n", "has no examples below the line of column names"),
        ("a.csv:specis", "size,species\n1,a\n", "column: there is no 'specis'; did you mean"),
        ("a.csv", "size,species\n1,a\n", r"which column has the labels\? .* found size, species"),
        ("a.csv", "label,class\n1,a\n", "found label and class; name it behind a colon"),
        ("a.csv:b", "a,b\n1,x,3\n", "line 2 has 3 cells, and the first line names 2 columns"),
        ("a.csv:b", "a,b\n1,x\n\nno,y\n", "line 4, column 'a': expected a number, found 'no'"),
        ("a.csv:b", "a,b\n1,x\n,y\n", "line 3 has nothing in column 'a'"),
        ("a.csv:b", "a,b\n1,x\n2,\n", "line 3 has no label in column 'b'"),
        ("a.csv:b", "a,b\n1,x\nnan,y\n", "example 1 has nan in column 'a'; drop or fill it"),
        ("a.csv:b", "1,2\n3,4\n", "expected the names of columns in the first line, found numbers"),
        ("a.csv:b", "a,a,b\n3,4,x\n", "two columns are called 'a'"),
        ("a.csv:b", 'a,b\n"1,x\n', "is no table that can be read"),
        ("a.csv:b", b"a,b\n1,\xe4\n", "is no text in UTF-8"),
        ("a.csv:b", "a,b\n1,0.5\n2,0.7\n", "y has 0.5; labels of classes are integers or texts"),
        ("a.csv:b", "a,b\n1,x\n2,x\n", "Every label is 'x'"),
        ("a.csv:b", "a,b\n1,x\n2,y\n", "is none of 2 examples"),
        ("a.npz", "text", "is no archive of arrays; write it by np.savez"),
        ("a.npz:b", {"x": X, "y": Y}, "has arrays and no columns"),
        ("a.npz", {"z": X}, r"expected arrays x and y \(or x_train and y_train\), found z"),
        ("a.npz", {"x": X}, "has x and no y; save both"),
        ("a.npz", {"x": X, "y": Y, "x_tset": X}, "array: there is no 'x_tset'; did you mean 'x_te"),
        ("a.npz", {"x": X, "y": Y.astype(object)}, r"cannot be read as arrays .*pickle"),
        ("a.npz", {"x": X, "y": Y[:5]}, r"y has shape \(5,\); there are 60 examples"),
        ("b.npz", "", "not found; expected a file of arrays or a table"),
    ],
)
def test_a_bad_file_is_one_line(tmp_path, name, content, says):
    path = tmp_path / name.partition(":")[0]
    if isinstance(content, dict):
        np.savez(path, **content)
    elif not name.startswith("b"):
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=f"^{path}: .*{says}") as error:
        apical.load(f"{tmp_path}/{name}")
    assert "\n" not in str(error.value)
