"""Build the site: `python -m docs.site.build` writes it into site/, which opens from disk.

Pages are gathered in build/pages: those written for the site, tutorials with what their code gave,
pages made from the source and its results, and texts of the repository, which keep their paths so
that links between them hold. Zensical then builds with warnings as errors.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from docs.site import links, paper_pages, reference, rule_pages, tutorials

from apical.reproduce import paper

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BUILD, SITE = ROOT / "build", ROOT / "site"
PAGES = BUILD / "pages"
TEXTS = (
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/*.md",
    "docs/results/*/*.md",
    "benchmarks/README.md",
    "benchmarks/*/README.md",
    "src/apical/papers/*/README.md",
)
"""Of the repository, that are pages too."""
GENERATED = rule_pages.pages() | paper_pages.pages() | reference.pages()
SHIM = "https://unpkg.com/iframe-worker/shim"
"""What Zensical's search fetches where a page is opened from disk; ours is beside the pages."""


def main() -> None:
    """Gather the pages, build, and leave nothing that asks for a network."""
    gather()
    config = yaml.safe_load((HERE / "mkdocs.yml").read_text())
    config["nav"] = [_listed(entry) for entry in config["nav"]]
    (BUILD / "mkdocs.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    zensical = [Path(sys.executable).with_name("zensical"), "build", "--strict", "--clean"]
    if subprocess.run([*zensical, "-f", BUILD / "mkdocs.yml"], cwd=ROOT).returncode:
        sys.exit("the site was not built; see the warnings above")
    shutil.rmtree(SITE, ignore_errors=True)
    shutil.move(BUILD / "site", SITE)
    _at_home()
    if found := links.broken(SITE):
        sys.exit("\n".join([*found, f"{len(found)} links are broken"]))
    print(f"site: open {SITE.relative_to(ROOT)}/index.html")


def gather() -> None:
    """Write every page, and what it shows, into build/pages."""
    shutil.rmtree(PAGES, ignore_errors=True)
    shutil.copytree(HERE / "pages", PAGES)
    for name, made in GENERATED.items():
        (PAGES / name).parent.mkdir(parents=True, exist_ok=True)
        (PAGES / name).write_text(made)
    texts = [path for pattern in TEXTS for path in ROOT.glob(pattern)]
    shown = [path for text in texts for path in _shown(text)]
    for path in (*texts, *shown, *(ROOT / figure for figure in paper_pages.FIRST)):
        place = PAGES / path.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
    tutorials.copy_outcomes(PAGES / "tutorials")


def _shown(text: Path) -> Iterator[Path]:
    """The files that a text links to, which are no pages themselves."""
    for link in re.findall(r"\]\(([^)#:]+)\)", text.read_text()):
        path = (text.parent / link).resolve()
        if path.suffix != ".md" and path.is_file():
            yield path


def _listed(entry: Any) -> Any:
    """An entry of `nav` with the pages that it stands for."""
    match entry:
        case dict():
            return {title: _listed(each) for title, each in entry.items()}
        case list():
            return [page for each in entry for page in _pages_of(each)]
    return entry


def _pages_of(entry: Any) -> list[Any]:
    if entry == "src/apical/papers/":
        return [paper_pages.readme(name) for name in paper.names()]
    if isinstance(entry, str) and entry.endswith("/"):
        return [name for name in GENERATED if name.startswith(entry)]
    return [_listed(entry)]


def _at_home() -> None:
    """Put the script that search needs beside the pages."""
    shutil.copyfile(HERE / "vendored" / "iframe-worker-shim.js", SITE / "assets" / "shim.js")
    for page in SITE.rglob("*.html"):
        up = "../" * (len(page.relative_to(SITE).parts) - 1)
        page.write_text(page.read_text().replace(SHIM, f"{up}assets/shim.js"))


if __name__ == "__main__":
    main()
