"""Tables say all they have to, however narrow the terminal is."""

import io

from rich.console import Console

from apical.cli.support.terminal import table


def test_no_cell_is_cut_in_a_narrow_terminal():
    shown, name = table("rule", "test accuracy (%)", "s / epoch"), "fa:feedback=fixed-sign"
    shown.add_row(name, "97.31 ± 0.12", "1.25")
    out = io.StringIO()
    Console(file=out, width=30).print(shown)
    first = (line.split("│")[1].strip() for line in out.getvalue().splitlines() if "│" in line)
    assert "".join(first) == name
