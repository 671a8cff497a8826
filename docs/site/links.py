"""Links of a built site: that each leads to a file, and to a place in it, without a network.

Zensical checks the links between pages as they are written. This reads what was built, generated
pages, images and downloads included.
"""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlparse


def broken(site: Path) -> list[str]:
    """A line for every link of the pages below a folder that leads nowhere, or that is fetched.

    A reader may follow a link to another site; a picture, script or style from one is refused.
    """
    pages = {path.resolve(): _read(path) for path in sorted(site.rglob("*.html"))}
    return [
        f"{path.relative_to(site.resolve())}: {trouble}: {link}"
        for path, page in pages.items()
        if path.name != "404.html"  # whose links begin at the root of a server
        for link, fetched in page.links
        if (trouble := _trouble(path, link, fetched, pages))
    ]


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, bool]] = []
        """Each link, and whether the browser fetches it unasked."""
        self.places: set[str] = {"", "__top"}

    def handle_starttag(self, tag, attrs):
        given = {name: value for name, value in attrs if value is not None}
        self.places |= {given[name] for name in ("id", "name") if name in given}
        if "src" in given:
            self.links.append((given["src"], True))
        if "href" in given:
            shown = tag != "link" or given.get("rel") in ("canonical", "prev", "next")
            self.links.append((given["href"], not (tag == "a" or shown)))


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text())
    return page


def _trouble(path: Path, link: str, fetched: bool, pages: dict[Path, _Page]) -> str:
    """What is wrong with a link of a page; nothing if it is sound."""
    if (scheme := urlparse(link).scheme) or link.startswith("//"):
        return "needs a network" if fetched and scheme != "data" else ""
    place, anchor = map(unquote, urldefrag(link))
    target = (path.parent / place).resolve() if place else path
    if not target.is_file():
        return "no such file"
    known = target not in pages or anchor in pages[target].places
    return "" if known else "no such place on that page"
