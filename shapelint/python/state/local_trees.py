"""The syntax trees of a file and of the local modules that it imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from shapelint.common import disk
from shapelint.knowledge import rules_folder
from shapelint.python.state import model_scan
from shapelint.python.state.run import Run


def of(run: Run) -> Iterator[ast.Module]:
    """Yield the syntax trees of a file and of the local modules that it imports."""
    yield run.tree
    main = disk.real(run.others.source.path)
    for path in (Path(key) for key in run.modules if key != main):
        edited = run.others.edited(path)
        tree = model_scan.parsed(path) if edited is None else model_scan.parsed_text(edited)
        if tree is not None and not path.is_relative_to(rules_folder.folder()):
            yield tree
