"""A hook of the build: writes the YAML of `rules/` into the wheel again, in a form that is read ten times faster."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COMPACT = "compact.tsv"
"""The file in `rules/` of a wheel: in each line a name, a tab, and what that file holds, as JSON."""


def compact(rules: Path) -> str:
    """Return the content of COMPACT: each YAML file, and the front matter and prose of each page.

    Raises ValueError for a file that JSON cannot hold.
    """
    lines = []
    for path in sorted(rules.rglob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        text = _json(content)
        if json.loads(text) != content:
            raise ValueError(f"{path} cannot be written as JSON: all of its keys must be texts")
        lines.append(f"{path.relative_to(rules).as_posix()}\t{text}\n")
    for path in sorted(rules.glob("SL*.md")):
        _, matter, prose = path.read_text(encoding="utf-8").split("---\n", 2)
        lines.append(f"{path.name}\t{_json([yaml.safe_load(matter), prose.strip()])}\n")
    return "".join(lines)


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=True, separators=(",", ":"))


class CompactRules(BuildHookInterface[Any]):
    """Put COMPACT into wheels, not into editable installs, whose rules may change."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the file where it is packed from."""
        if version == "editable":
            return
        self._folder = tempfile.TemporaryDirectory()
        path = Path(self._folder.name) / COMPACT
        path.write_text(compact(Path(self.root) / "rules"), encoding="utf-8")
        build_data["force_include"][str(path)] = f"shapelint/rules/{COMPACT}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove it there."""
        if version != "editable":
            self._folder.cleanup()
