"""What the oldest supported Python refuses in annotations that are evaluated, as those of records are."""

from __future__ import annotations

import re

from command_line import ROOT


def test_class_variables_have_types() -> None:
    """Python 3.10: "Plain typing.ClassVar is not valid as type argument", of every settings file and rule page."""
    code = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "shapelint").rglob("*.py")}
    assert [name for name, text in code.items() if re.search(r":\s*[\"']?ClassVar\b(?!\[)", text)] == []
