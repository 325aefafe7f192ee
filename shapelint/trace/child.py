"""The process that imports the packages the user trusts: `python -m shapelint.trace.child`, JSON on stdin and stdout.

What the trusted code prints goes to stderr: stdout belongs to the answer.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from shapelint.knowledge.schema.signature_files import ComponentSignature
from shapelint.trace import traced
from shapelint.trace.meta import Untraceable, one_line
from shapelint.trace.targets import Constructor
from shapelint.trace.tracing_request import TracingRequest

SOURCES = ("", "src")
"""Where a project keeps its packages, from its root."""


def main() -> int:
    """Answer one request."""
    request = json.load(sys.stdin)
    root = request.pop("root")
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answer:
        os.dup2(2, 1)
        try:
            component = trace(TracingRequest(**request), root)
            answer.write(json.dumps({"component": component.model_dump(mode="json")}))
        except Untraceable as error:
            answer.write(json.dumps({"error": str(error)}))
        except BaseException as error:
            answer.write(json.dumps({"error": f"{request['target']} cannot be traced: {one_line(error)}"}))
    return 0


def trace(request: TracingRequest, root: str) -> ComponentSignature:
    """Import the target and trace it: a backbone as a model of images, anything else as a layer first.

    Raises Untraceable.
    """
    sys.path[:0] = [os.path.join(root, source) for source in SOURCES]
    target, at = request.target, request.at
    call = _import(target)
    package = target.partition(".")[0]
    reasons = []
    size = (at[0], at[1]) if at else None
    for images in (True,) if size else (True, False) if request.role == "backbone" else (False, True):
        constructor = Constructor(package, target, call, images=images)
        try:
            return traced.trace_constructor(constructor, dict(request.arguments), request.positional, size)
        except Untraceable as error:
            reasons.append(str(error))
    raise Untraceable(f"{target} {reasons[0]}")


def _import(target: str) -> Callable[..., Any]:
    """The class or function of a dotted name: the longest importable part is the module."""
    parts = target.split(".")
    for count in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[:count])
        try:
            found: Any = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
                continue  # this part is not a module, but may be a class in one
            raise Untraceable(f"{name} cannot be imported: {one_line(error)}") from error
        except BaseException as error:
            raise Untraceable(f"{name} cannot be imported: {one_line(error)}") from error
        for part in parts[count:]:
            found = getattr(found, part, None)
        if not callable(found):
            raise Untraceable(f"{name} has no {'.'.join(parts[count:])} that could be called")
        constructor: Callable[..., Any] = found
        return constructor
    raise Untraceable(f"{parts[0]} cannot be found from {sys.path[0] or 'here'}")


if __name__ == "__main__":
    sys.exit(main())
