"""`shapelint rule`, `signature` and `schema`: what the linter knows, as text."""

from __future__ import annotations

import json
import re

import click

from shapelint.cli.streams import write_out
from shapelint.common.escaping import escape
from shapelint.judge import rulebook
from shapelint.knowledge import rule_pages
from shapelint.knowledge.model_schema import model_schema
from shapelint.read import call_strings
from shapelint.resolve.resolved import Resolved
from shapelint.resolve.resolver import resolve
from shapelint.settings import config_files
from shapelint.settings.settings import options_for
from shapelint.shapes import notation
from shapelint.signatures import nearest
from shapelint.signatures.known_models import known_models
from shapelint.spec.spec import ComponentSpec
from shapelint.text.source import Span


def rule(code: str | None) -> int:
    """Print the page of one rule, or a line for each rule, including those that the current folder's settings add."""
    write_out(rule_text(code))
    return 0


def rule_text(code: str | None) -> str:
    """The page of one rule, or a line for each rule; raises click.UsageError for a code that no rule has."""
    known = rulebook.known(config_files.for_path(".").rules)
    if code is None:
        severities = {c: " or ".join(severities_of(r.page.severity)) for c, r in known.items()}
        return "".join(f"{c} {r.page.name} ({severities[c]})\n" for c, r in known.items())
    by_name = {r.page.name: c for c, r in known.items()}
    found = known.get(by_name.get(code, code.upper()))
    if found is None:
        near = rule_pages.nearest(code, known)
        raise click.UsageError(f"no rule {code!r}" + (f", did you mean {near}?" if near else ""))
    lines = [escape(line, keep="\t") for line in found.prose.split("\n")]
    return "\n".join(lines) + "\n"


def severities_of(text: str) -> list[str]:
    """The severities that a rule can have: one, or those in the expression that chooses it."""
    return [text] if text.isalpha() else re.findall(r"'(\w+)'", text)


def signature(target: str, trace: bool, allow_trusted: bool) -> int:
    """Print the signature of a component written as a name or a call."""
    write_out(signature_text(target, trace, allow_trusted))
    return 0


def signature_text(target: str, trace: bool, allow_trusted: bool) -> str:
    """The signature of a component written as a name or a call; raises click.UsageError if it has none."""
    spec = _spec(target)
    role = "backbone" if spec.spelling == "name" and "." not in spec.target else ""
    resolved = resolve(spec, role, options_for(config_files.for_path("."), trace, allow_trusted))
    for problem in resolved.problems:
        if spec.spelling == "call":
            raise click.UsageError(f"{problem.message}" + (f" ({problem.help})" if problem.help else ""))
    shown = resolved.template if spec.spelling == "name" and resolved.component else resolved.signature
    if shown is None and not resolved.layers:
        near = nearest.nearest(spec.target)
        hint = f", did you mean {near}?" if near else ""
        raise click.UsageError(f"{resolved.reason or f'{resolved.target or target} is not known'}{hint}")
    return _text(resolved, shown)


def models(pattern: str, width: int | None) -> int:
    """Print a line for each model that is known by name: its name, the width of its features, and its signature."""
    found = list(known_models(pattern, width))
    if not found:
        wide = f" of width {width}" if width is not None else ""
        raise click.UsageError(f"no model{wide} is known by a name like {pattern!r}")
    longest = max(len(model.name) for model in found)
    write_out("".join(f"{model.name:{longest}}  {model.width:5}  {model.shapes}\n" for model in found))
    return 0


def schema() -> int:
    """Print the JSON Schema of a native config."""
    write_out(json.dumps(model_schema(), indent=2) + "\n")
    return 0


def _spec(target: str) -> ComponentSpec:
    whole = Span(0, len(target))
    if call_strings.NAME.fullmatch(target):
        return ComponentSpec("name", target, whole, whole)
    try:
        return call_strings.parse_call(target, lambda start, end: (Span(start, end), None))
    except call_strings.CallError as error:
        raise click.UsageError(f"{target!r}: {error.message}") from None


def _text(resolved: Resolved, shown: notation.Signature | None) -> str:
    if resolved.layers:
        return "".join(_text(layer, layer.signature) for layer in resolved.layers)
    name = resolved.component.call if resolved.component and shown is resolved.template else resolved.target
    lines = [name, *(f"    {alternative}" for alternative in (shown.alternatives if shown else ()))]
    return "\n".join([*lines, f"    ({resolved.source})"]) + "\n"
