"""`apical predict RUN rows.csv`: rows of a table are classified as they were learned."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import apical
from apical.runs.checkpoints import read_arrays, write_arrays
from tests.commands import apical as command

COLUMNS = ("length", "width", "depth")
NAMES = ("ox", "emu", "yak")


def rows(count: int, seed: int) -> tuple[np.ndarray, list[str]]:
    draw = np.random.default_rng(seed)
    y = np.arange(count) % 3
    x = draw.normal(0, 0.3, (count, 3)) + 3 * np.eye(3)[y] + [100, 0, -5]
    return x.astype(np.float32), [NAMES[i] for i in y]


def write(path: Path, x, y=None, columns=COLUMNS, extra=(), between=",") -> Path:
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, delimiter=between)
        writer.writerow([*extra, *columns, *(["animal"] if y else [])])
        for i, numbers in enumerate(x.tolist()):
            writer.writerow([*(f"row {i}" for _ in extra), *numbers, *([y[i]] if y else [])])
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    table = write(folder / "train.csv", *rows(150, 0))
    asked = ("--hidden", 8, "--epochs", 30, "--lr", 0.01, "--batch-size", 30, "--seeds", 2)
    command("train", "fa", "--data", f"{table}:animal", *asked, "--out", folder / "run")
    table.unlink()  # the run knows its columns
    return folder / "run"


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")


def told(said: str) -> list[tuple[int, str]]:
    cells = [line.split("│")[1:3] for line in said.splitlines() if line.startswith("│")]
    return [(int(number), name.strip()) for number, name in cells]


def test_rows_are_classified_as_by_the_model(run, tmp_path):
    x, y = rows(12, 1)
    said = command("predict", run, write(tmp_path / "new.csv", x))
    wanted = apical.load_model(run).predict(x).tolist()
    assert told(said) == [(i + 2, name) for i, name in enumerate(wanted)]
    assert sum(a == b for a, b in zip(wanted, y, strict=True)) > 9
    assert "accuracy" not in said
    other = apical.load_model(run, seed=1, network="best").predict(x).tolist()
    said = command("predict", run, tmp_path / "new.csv", "--seed", 1, "--network", "best")
    assert [name for _, name in told(said)] == other


def test_columns_are_found_by_their_names_and_labels_are_compared(run, tmp_path):
    x, y = rows(12, 1)
    plain = told(command("predict", run, write(tmp_path / "a.csv", x)))
    turned = write(tmp_path / "b.tsv", x[:, ::-1], y, COLUMNS[::-1], ("name", "note"), "\t")
    said = command("predict", run, turned)
    assert told(said) == plain
    right = sum(name == label for (_, name), label in zip(plain, y, strict=True))
    assert f"accuracy: {100 * right / 12:.2f} % of 12 rows" in said
    assert "note: not read: name, note" in said


def test_all_answers_are_written(run, tmp_path):
    x, _ = rows(60, 2)
    asked = ("predict", run, write(tmp_path / "a.csv", x))
    said = command(*asked)
    assert "and 10 more; --out FILE.csv writes all" in said
    assert len(told(said)) == 50
    command(*asked, "--out", tmp_path / "answers" / "all.csv")
    again = command(*asked, "--out", tmp_path / "answers" / "all.csv", code=2)
    assert "all.csv: is there already; name another file" in again
    with open(tmp_path / "answers" / "all.csv") as file:
        found = [*csv.DictReader(file)]
    model = apical.load_model(run)
    assert [row["class"] for row in found] == model.predict(x).tolist()
    chances = [[float(row[name]) for name in model.classes] for row in found]
    np.testing.assert_allclose(chances, model.predict_proba(x), rtol=1e-4)
    assert [row["line"] for row in found] == [str(i + 2) for i in range(60)]


GOOD = "length,width,depth\n101,0,-5\n"


@pytest.mark.parametrize(
    ("content", "more", "says"),
    [
        ("length,depth\n1,2\n", (), "a.csv: has no column 'width', which the model was trained on"),
        (GOOD + "1,wide,2\n", (), "a.csv: line 3, column 'width': expected a number, found 'wide'"),
        (GOOD + "1,,2\n", (), "line 3 has nothing in column 'width'; fill it, or leave it out"),
        (GOOD + "1,nan,2\n", (), "line 3 has nan in column 'width'; fill it"),
        (GOOD + "1,2\n", (), "line 3 has 2 cells, and the first line names 3 columns"),
        ("length,width,depth\n", (), "has no rows below the line of column names"),
        ("", (), r"expected a line with the names of columns, found []"),
        (GOOD.replace("depth", "depth,animal").replace("-5", "-5,cow"), (), "y: 'cow' is none of"),
        (GOOD, ("b.csv",), "a.csv is a table, and is to be named alone"),
        (GOOD, ("--invert",), "invert: is for images; leave it out"),
        (None, (), "a.csv: not found; expected a table"),
        (GOOD, ("--seed", 7), "has the seeds [0, 1], not 7"),
    ],
)
def test_what_cannot_be_read_is_one_line(run, tmp_path, content, more, says):
    if content is not None:
        (tmp_path / "a.csv").write_text(content)
    code = 1 if says.startswith(("a.csv:", "line", "has no rows", "expected")) else 2
    said = command("predict", run, tmp_path / "a.csv", *more, code=code)
    assert says in said.replace(f"{tmp_path}/", "")
    assert said.count("\n") == 1


def test_rows_without_all_labels_are_not_scored(run, tmp_path):
    (tmp_path / "a.csv").write_text("length,width,depth,animal\n101,0,-5,ox\n101,0,-5,\n")
    assert "accuracy" not in command("predict", run, tmp_path / "a.csv")


def test_a_run_on_other_data_takes_no_table(tmp_path):
    apical.fit("bp", "digits", hidden=(4,), epochs=1, out=tmp_path / "run")
    (tmp_path / "a.csv").write_text(GOOD)
    said = command("predict", tmp_path / "run", tmp_path / "a.csv", code=2)
    assert "was trained on digits, which is no table; name image files" in said


def test_a_run_of_an_earlier_apical_reads_the_columns_from_its_table(run, tmp_path):
    import shutil

    old = tmp_path / "run"
    shutil.copytree(run, old)
    inputs = old / "checkpoints" / "inputs.npz"
    arrays = read_arrays(inputs)
    assert arrays.pop("columns.npy").tolist() == [*COLUMNS]
    write_arrays(inputs, arrays.items())
    new = write(tmp_path / "new.csv", rows(3, 1)[0])
    said = command("predict", old, new, code=2)
    assert "does not say what its columns were called, and" in said
    config = json.loads((old / "config.json").read_text())
    config["data"]["name"] = f"{write(tmp_path / 'train.csv', *rows(9, 0))}:animal"
    (old / "config.json").write_text(json.dumps(config))
    assert told(command("predict", old, new)) == told(command("predict", run, new))
