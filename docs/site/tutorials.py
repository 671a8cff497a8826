"""Tutorials are run, and show what came out: `python -m docs.site.tutorials first-run`.

The blocks of a page are run one after the other in an empty folder: Python in one namespace, `sh`
by a shell where `apical` is this one. A block of Python with a `title` is written to the file of
that name instead. What a block prints is put below it, and figures that the page shows are kept.
"""

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PAGES = Path(__file__).parent / "pages" / "tutorials"
OUTCOMES = Path(__file__).parents[2] / "build" / "tutorials"
BLOCK = re.compile(
    r"^```(python|sh)(?: title=\"([\w.]+)\")?\n(.*?)^```\n", re.MULTILINE | re.DOTALL
)
STEP = r".* (?:epoch \d+/\d+ |trial \d+, ).*\n"
PROGRESS = re.compile(f"^({STEP})(?:{STEP})+", re.MULTILINE)
"""Lines that tell of every epoch or draw, of which the first is shown."""
FIGURE = re.compile(r"!\[[^\]]*\]\(([\w./-]+\.png)\)")


def run(text: str) -> str:
    """Run the blocks of a page in the working folder; the page with what they printed.

    Raises what a block of Python raises, and `subprocess.CalledProcessError` for a command.
    """
    namespace: dict[str, object] = {"__name__": "tutorial"}

    def block(found: re.Match[str]) -> str:
        language, title, code = found.groups()
        if title:
            Path(title).write_text(code)
            return found[0]
        printed = _shell(code) if language == "sh" else _python(code, namespace)
        return found[0] + (f'\n```text title="prints"\n{printed}```\n' if printed else "")

    return BLOCK.sub(block, text)


def _python(code: str, namespace: dict[str, object]) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "<tutorial>", "exec"), namespace)
    return printed.getvalue()


def _shell(code: str) -> str:
    """What commands print: of a line an epoch, the first; files named as from the folder."""
    ours = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    told = {**os.environ, "PATH": ours, "COLUMNS": "76", "NO_COLOR": "1"}
    command = ["bash", "-euc", code]
    ran = subprocess.run(command, env=told, check=True, stdout=subprocess.PIPE, text=True)
    return PROGRESS.sub(r"\1...\n", ran.stdout.replace(f"{Path.cwd()}/", ""))


def main(name: str) -> None:
    """Run a tutorial in a new folder, and keep the page with its figures for the site."""
    page = (PAGES / f"{name}.md").read_text()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        sys.path.insert(0, folder)
        told = run(page)
        OUTCOMES.mkdir(parents=True, exist_ok=True)
        for figure in FIGURE.findall(page):
            if Path(figure).exists():
                kept = f"{name}-{Path(figure).name}"
                shutil.copyfile(figure, OUTCOMES / kept)
                told = told.replace(f"]({figure})", f"]({kept})")
    (OUTCOMES / f"{name}.md").write_text(told)


def copy_outcomes(folder: Path) -> None:
    """Put tutorials as they ran in place of the pages that were written, unless these are newer."""
    for page in PAGES.glob("*.md"):
        outcome = OUTCOMES / page.name
        if not outcome.exists() or outcome.stat().st_mtime < page.stat().st_mtime:
            print(
                f"{page.stem}: was not run as it is now; python -m docs.site.tutorials {page.stem}"
            )
            continue
        for each in OUTCOMES.glob(f"{page.stem}*"):
            shutil.copyfile(each, folder / each.name)


if __name__ == "__main__":
    main(*sys.argv[1:])
