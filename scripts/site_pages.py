"""What the site has beside docs/: the README as its first page, a page for each rule, and the pages of the project.

mkdocs calls `on_files` and `on_page_markdown` (mkdocs.yml names this file). Links that lead out of docs/ lead to these
pages on the site, or to the repository.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parent.parent
REPOSITORY = "https://github.com/shapelint/shapelint/blob/main"
PROJECT = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "CODE_OF_CONDUCT.md": "conduct.md",
}
"""Pages of the repository, and where the site has them."""
_LINK = re.compile(r"(\]\()(?![a-z]+:|#)([^)#\s]+)((?:#[^)\s]*)?\))")
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)


def pages() -> dict[str, str]:
    """The path on the site of each page of the repository that is not only there."""
    inside = {f"docs/{path.relative_to(ROOT / 'docs').as_posix()}": path for path in (ROOT / "docs").rglob("*.*")}
    rules = {f"rules/{path.name}": f"rules/{path.name}" for path in (ROOT / "rules").glob("SL*.md")}
    return {**{name: name.removeprefix("docs/") for name in inside}, **rules, **PROJECT}


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are outside of docs/."""
    for source, target in pages().items():
        if not source.startswith("docs/"):
            text = _FRONT_MATTER.sub("", (ROOT / source).read_text(encoding="utf-8"))
            files.append(File.generated(config, target, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Make the links of a page those of the site; code is left as it is."""
    sources = {target: source for source, target in pages().items()}
    here = page.file.src_uri
    parts = re.split(r"(^```.*?^```|`[^`\n]*`)", markdown, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if number % 2 else linked(part, sources[here], here) for number, part in enumerate(parts))


def linked(text: str, source: str, here: str) -> str:
    """A text of the file `source`, which is `here` on the site, with its links."""

    def replaced(match: re.Match[str]) -> str:
        wanted = normpath(str(PurePosixPath(source).parent / match[2]))
        target = pages().get(wanted)
        address = relpath(target, str(PurePosixPath(here).parent)) if target else f"{REPOSITORY}/{wanted}"
        return f"{match[1]}{address}{match[3]}"

    return _LINK.sub(replaced, text)
