"""The process that traces: `shapelint.trace.child`, one JSON request a line on stdin, one JSON answer a line on stdout.

What traced code prints goes to stderr: stdout belongs to the answers. A trace is bounded in time and memory.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from shapelint.knowledge.schema.signature_files import ComponentSignature
from shapelint.trace import targets, traced
from shapelint.trace.limits import CPU_SECONDS, TooLongError, allow_more_time, confine, limited
from shapelint.trace.meta import Untraceable, one_line
from shapelint.trace.targets import Constructor
from shapelint.trace.tracing_request import TracingRequest
from shapelint.trace.trusted_packages import load_package, module_class


def main() -> int:
    """Answer requests until there are no more."""
    confine()
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    with requests, os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        for line in requests:
            allow_more_time()
            answers.write(json.dumps(_answer(line)) + "\n")
            answers.flush()
    return 0


def _answer(line: str) -> dict[str, Any]:
    request, root = TracingRequest.from_json(line)
    try:
        component = trace_library(request) if root is None else trace_trusted(request, root)
        return {"component": component.model_dump(mode="json")}
    except Untraceable as error:
        return {"error": str(error)}
    except BaseException as error:
        return {"error": f"{request.target} cannot be traced: {one_line(error)}"}


def trace_library(request: TracingRequest) -> ComponentSignature:
    """Trace a component of a known library; the library is imported before its time counts. Raises Untraceable."""
    constructor = targets.find(request.target)
    try:
        with limited(CPU_SECONDS):
            return traced.trace_constructor(constructor, request.arguments, request.positional, request.at)
    except TooLongError:
        raise Untraceable(f"tracing it takes more than {CPU_SECONDS:.0f} s of processor time") from None


def trace_trusted(request: TracingRequest, root: str) -> ComponentSignature:
    """Import the target and trace it: a backbone as a model of images, anything else as a layer first.

    Raises Untraceable.
    """
    target, size = request.target, request.at
    package = target.partition(".")[0]
    load_package(package, root)
    call = module_class(target)
    reasons = []
    for images in (True,) if size else (True, False) if request.role == "backbone" else (False, True):
        constructor = Constructor(package, target, call, images=images)
        try:
            return traced.trace_constructor(constructor, dict(request.arguments), request.positional, size)
        except Untraceable as error:
            reasons.append(str(error))
    raise Untraceable(f"{target} {reasons[0]}")


if __name__ == "__main__":
    sys.exit(main())
