"""A hook of the build: writes the YAML of `rules/` into the wheel again, in a form that is read ten times faster."""

from __future__ import annotations

import json
import tempfile
from itertools import accumulate
from pathlib import Path
from typing import Any

import yaml
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COMPACT = "compact.json"
"""The file in `rules/` of a wheel: what the files hold, each as JSON, behind a line that says where each is."""


def compact(rules: Path) -> bytes:
    """Return the content of COMPACT: each YAML file, and the front matter and prose of each page.

    Raises ValueError for a file that JSON cannot hold.
    """
    contents: dict[str, bytes] = {}
    for path in sorted(rules.rglob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        text = _json(content)
        if json.loads(text) != content:
            raise ValueError(f"{path} cannot be written as JSON: all of its keys must be texts")
        contents[path.relative_to(rules).as_posix()] = text
    for path in sorted(rules.glob("SL*.md")):
        _, matter, prose = path.read_text(encoding="utf-8").split("---\n", 2)
        contents[path.name] = _json([yaml.safe_load(matter), prose.strip()])
    ends = [0, *accumulate(map(len, contents.values()))]
    places = {name: (start, end - start) for name, start, end in zip(contents, ends, ends[1:])}
    return b"".join([_json(places), b"\n", *contents.values()])


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode()


class CompactRules(BuildHookInterface[Any]):
    """Put COMPACT into wheels, not into editable installs, whose rules may change."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the file where it is packed from."""
        if version == "editable":
            return
        self._folder = tempfile.TemporaryDirectory()
        path = Path(self._folder.name) / COMPACT
        path.write_bytes(compact(Path(self.root) / "rules"))
        build_data["force_include"][str(path)] = f"shapelint/rules/{COMPACT}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove it there."""
        if version != "editable":
            self._folder.cleanup()
