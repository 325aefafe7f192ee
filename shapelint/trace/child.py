"""The process that traces: `shapelint.trace.child`, one JSON request a line on stdin, one JSON answer a line on stdout.

An answer has the number of its request, counted from 0. What traced code prints goes to stderr: stdout belongs to the
answers. A trace is bounded in time and memory; those of libraries run in processes of their own, two at once.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from functools import cache
from typing import Any

from shapelint.knowledge.schema.signature_files import ComponentSignature
from shapelint.trace import targets, traced
from shapelint.trace.forked import CAN_FORK, ForkedAnswers
from shapelint.trace.limits import (
    CPU_SECONDS,
    MEMORY_BYTES,
    TooLongError,
    allow_more_time,
    confine,
    end_session_with_process,
    limited,
)
from shapelint.trace.meta import Untraceable, build, one_line
from shapelint.trace.symbolic import Free, observe
from shapelint.trace.targets import Constructor
from shapelint.trace.tracing_request import TracingRequest
from shapelint.trace.trusted_packages import load_package, module_class


def main() -> int:
    """Answer requests until there are no more."""
    confine()
    requests = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)

        def tell(number: int, answer: dict[str, Any]) -> None:
            answers.write(json.dumps({"request": number, **answer}) + "\n")
            answers.flush()

        ForkedAnswers(_answer, _made_ready, tell).serve(requests)
    return 0


def _made_ready(line: str) -> bool:
    """Import what a request for a known library needs, and return whether a forked process can answer it.

    A package of the user's own is imported and traced in this process, whatever that does to it.
    """
    request, root = TracingRequest.from_json(line)
    if root is not None or not CAN_FORK:
        return False
    with suppress(Untraceable):
        targets.find(request.target)
        warm_up()
    return True


@cache
def warm_up() -> None:
    """Trace a small module: torch imports much when it first works with symbols."""
    from torch import nn

    observe(build(lambda: nn.Conv2d(1, 1, 1)), (Free("B", 3), 1, Free("H", 5), Free("W", 5)))


def _answer(line: str) -> dict[str, Any]:
    request, root = TracingRequest.from_json(line)
    allow_more_time()
    try:
        component = trace_library(request) if root is None else trace_trusted(request, root)
        return {"component": component.as_json()}
    except Untraceable as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": f"tracing it takes more than {MEMORY_BYTES >> 30} GB of memory"}
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
    end_session_with_process()
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
