"""The site: built by mkdocs with every warning an error, and each of its own links leads to a page or a heading."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from command_line import ROOT, clean_environment

pytest.importorskip("material")
pytest.importorskip("mkdocstrings_handlers.python")


class Page(HTMLParser):
    """The links of a page, and what a link can lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.places |= {str(value) for name, value in attrs if name == "id"}
        self.links += [str(known[name]) for name in ("href", "src") if known.get(name)]


def test_the_site(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    built = subprocess.run(command, cwd=ROOT, env=clean_environment(NO_MKDOCS_2_WARNING="1"), capture_output=True)
    assert built.returncode == 0, built.stderr.decode()
    pages = {
        path: Page(path.read_text(encoding="utf-8")) for path in tmp_path.rglob("*.html") if path.name != "404.html"
    }
    assert len(pages) > 50
    for path, page in pages.items():
        for link in page.links:
            address = urlsplit(link)
            if address.scheme or address.netloc or (not address.path and not address.fragment):
                continue
            target = (path.parent / unquote(address.path)).resolve() if address.path else path
            target = target / "index.html" if target.is_dir() else target
            assert target.is_file(), (path.relative_to(tmp_path), link)
            if address.fragment and target in pages:
                assert unquote(address.fragment) in pages[target].places, (path.relative_to(tmp_path), link)
    (api,) = (page for path, page in pages.items() if path.parent.name == "api")
    assert {"shapelint.live.checking.check", "shapelint.spec.findings.Finding"} <= api.places
