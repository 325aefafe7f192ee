"""Components of the project's own packages, which the user trusts by name: `[tool.shapelint] trust = ["my_project"]`.

They are imported and run in a child process with a time limit, so that whatever they do on import (a dataset, a server,
an endless loop) touches neither the linter nor its report. The child gets JSON and answers with JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from shapelint.knowledge.schema.signature_files import ComponentSignature
from shapelint.signatures.binding import formula_names
from shapelint.trace.meta import Untraceable
from shapelint.trace.tracing_request import TracingRequest

TIME_LIMIT = 60.0
"""Seconds for the import of a package with torch, and the trace of one component."""

_known: dict[tuple[str, tuple[int, int] | None], list[tuple[ComponentSignature, dict[str, Any], list[Any]]]] = {}
_failed: dict[str, str] = {}


def trace(request: TracingRequest, root: str, time_limit: float = TIME_LIMIT) -> ComponentSignature:
    """Trace a call in a separate process; raises Untraceable.

    An earlier answer is reused if only arguments differ that are named in its formulas, so that the search for a
    repair, which tries other widths, starts no new process.
    """
    target, arguments, positional, at = request.target, request.arguments, request.positional, request.at
    text = json.dumps({**vars(request), "root": root}, sort_keys=True)
    for component, named, places in _known.get((target, at), ()):
        if _differ(component, (named, places), (dict(arguments), list(positional))) <= formula_names(component):
            return component
    if text in _failed:
        raise Untraceable(_failed[text])
    try:
        component = _ask(text, target, root, time_limit)
    except Untraceable as error:
        _failed[text] = str(error)
        raise
    _known.setdefault((target, at), []).append((component, dict(arguments), list(positional)))
    return component


def _differ(
    component: ComponentSignature, one: tuple[dict[str, Any], list[Any]], other: tuple[dict[str, Any], list[Any]]
) -> set[str]:
    """The names of the arguments that differ between two calls."""
    names = [parameter.name for parameter in component.parameters if parameter.kind == "positional"]
    first, second = ({**dict(zip(names, places)), **named} for named, places in (one, other))
    absent = object()
    return {name for name in first.keys() | second.keys() if first.get(name, absent) != second.get(name, absent)}


def _ask(request: str, target: str, root: str, time_limit: float) -> ComponentSignature:
    """Run the child in the project's folder, which is trusted: `python -m` imports from the current folder."""
    command = [sys.executable, "-m", "shapelint.trace.child"]
    try:
        result = subprocess.run(
            command,
            input=request,
            capture_output=True,
            encoding="utf-8",
            cwd=root or None,
            timeout=time_limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Untraceable(f"{target} takes longer than {time_limit:.0f} s to be imported and traced") from None
    except OSError as error:
        raise Untraceable(f"no process can be started for {target}: {error}") from None
    try:
        answer = json.loads(result.stdout)
    except ValueError:
        last = (result.stderr.strip().splitlines() or [f"exit code {result.returncode}"])[-1]
        raise Untraceable(f"the process that traces {target} ended without an answer: {last[:200]}") from None
    if "error" in answer:
        raise Untraceable(answer["error"])
    return ComponentSignature.model_validate(answer["component"])
