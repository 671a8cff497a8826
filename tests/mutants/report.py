"""Figures."""

from tests.mutants.mutant import Mutant

REPORT = "tests/report/test_report.py"

MUTANTS = (
    Mutant(
        "figures: two lines have one colour",
        "report/style.py",
        "if own in chosen.values():",
        "if own not in PALETTE:",
        (f"{REPORT}::test_a_rule_keeps_its_colour_and_no_two_share_one",),
    ),
    Mutant(
        "figures: an earlier label pushes a later one from its colour",
        "report/style.py",
        "            late.append(label)\n",
        "            chosen[label] = next(c for c in PALETTE if c not in chosen.values())\n",
        (f"{REPORT}::test_a_label_is_not_pushed_from_its_colour_by_another",),
    ),
    Mutant(
        "figures: the same figure is another file",
        "report/saving.py",
        'metadata={"Date": None} if ending == "svg" else None',
        'metadata={"Date": str(id(content))} if ending == "svg" else None',
        (f"{REPORT}::test_a_figure_drawn_again_is_the_same_file",),
    ),
    Mutant(
        "figures: drawn straight into their file",
        "report/saving.py",
        "    write_whole(path, content.getvalue())",
        "    path.write_bytes(content.getvalue())",
        (f"{REPORT}::test_a_figure_for_which_there_is_no_room_leaves_the_earlier_one",),
    ),
    Mutant(
        "mistakes: the least sure come first",
        "cli/evaluate.py",
        "(-surest[i][0], i)",
        "(surest[i][0], i)",
        (
            "tests/cli/test_predict.py"
            "::test_the_figure_has_the_counts_and_the_surest_mistakes_first",
        ),
    ),
    Mutant(
        "mistakes: true and given classes are exchanged",
        "cli/evaluate.py",
        "np.add.at(counts, (y, given), 1)",
        "np.add.at(counts, (given, y), 1)",
        ("tests/cli/test_predict.py::test_the_confusion_matrix_has_a_row_a_class",),
    ),
)
