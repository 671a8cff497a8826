"""Models to take away, a user's own data and files."""

from tests.mutants.mutant import Mutant

MODEL = "tests/training/test_model.py"
ARRAYS = "tests/data/test_arrays.py"
TABLES = "tests/data/test_tables.py"
SKLEARN = "tests/sklearn/test_estimators.py"
FILES = "tests/extensions/test_files.py"
ROWS = "tests/cli/test_predict_rows.py"

MUTANTS = (
    Mutant(
        "model: a loaded run is not preprocessed",
        "runs/inputs.py",
        'transform = Affine(*jax.device_put((arrays["shift.npy"], arrays["scale.npy"])))',
        "transform = Affine.of(0.0, 1.0)",
        (f"{MODEL}::test_a_run_is_loaded_without_its_data[last]",),
    ),
    Mutant(
        "model: a confusion matrix is transposed",
        "training/model.py",
        "k * self._numbers(y, len(found)) + found",
        "k * found + self._numbers(y, len(found))",
        (f"{MODEL}::test_it_predicts_labels_as_they_were_given",),
    ),
    Mutant(
        "model: features are of the layer below",
        "training/model.py",
        ".activities[layer + 1]",
        ".activities[layer]",
        (f"{MODEL}::test_features_are_the_activity_of_a_layer",),
    ),
    Mutant(
        "arrays: texts are numbered against their classes",
        "data/arrays.py",
        "        return np.array(names), names\n",
        "        return labels, names\n",
        (f"{ARRAYS}::test_texts_are_numbered_in_the_order_of_classes",),
    ),
    Mutant(
        "tables: the column of labels is an input too",
        "data/tables.py",
        "labels.append(cells.pop(at).strip())",
        "labels.append(cells.pop(0 if at else -1).strip())",
        (f"{TABLES}::test_a_usual_name_is_taken[label]",),
    ),
    Mutant(
        "estimator: partial_fit begins anew",
        "sklearn/classifier.py",
        "made.begin(self._seed) if self._carry is None else self._carry",
        "made.begin(self._seed)",
        (f"{SKLEARN}::test_partial_fit_goes_on_and_knows_its_classes",),
    ),
    Mutant(
        "files: a class takes the name of one of apical's",
        "values/extensions.py",
        "if other is not cls and other.name and (",
        "if False and (",
        (f"{FILES}::test_a_bad_file_is_one_line",),
    ),
    Mutant(
        "predict: columns are read in the order of the file",
        "data/tables.py",
        "at = [header.index(name) for name in columns]",
        "at = [i for i, name in enumerate(header) if name in columns]",
        (f"{ROWS}::test_columns_are_found_by_their_names_and_labels_are_compared",),
    ),
    Mutant(
        "predict: a run forgets what its columns were called",
        "training/how.py",
        "data.labels, data.columns)",
        "data.labels)",
        (f"{ROWS}::test_a_run_of_an_earlier_apical_reads_the_columns_from_its_table",),
    ),
)
