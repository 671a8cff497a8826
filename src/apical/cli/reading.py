"""What commands that read a run say about it."""

from pathlib import Path

from rich.console import Console


def tell_if_unfinished(console: Console, run: Path) -> None:
    """A note on the console if the run has not ended in full."""
    from apical.runs.folder import RunFolder
    from apical.runs.reading import unfinished

    if told := unfinished(RunFolder(run)):
        console.print(f"[yellow]note:[/] {told}", soft_wrap=True, highlight=False)
