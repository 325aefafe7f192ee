"""Signature files as text: one fact per line, and what two components share written once.

Pure Python. PyYAML's own writer has no merge keys and folds lines.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureFile, SignatureRow


def to_yaml(file: SignatureFile, header: Sequence[str]) -> str:
    """The file as YAML, with `header` as comment lines; a repeated table of parts refers to the first one."""
    lines = [f"# {line}" for line in header]
    lines += [f"library: {file.library}", f"versions: [{', '.join(_text(version) for version in file.versions)}]"]
    lines += [f"made_by: {file.made_by}", "components:"]
    anchors: dict[str, Mapping[str, str]] = {}
    for component in file.components:
        lines.extend(_component(component, anchors))
    return "\n".join(lines) + "\n"


def tensors_to_yaml(tensors: Mapping[str, str], header: Sequence[str]) -> str:
    """The tensors of a model's modules, one module per line; a repeated text refers to the first one."""
    counts = Counter(tensors.values())
    anchors: dict[str, str] = {}
    lines = [f"# {line}" for line in header]
    for name, text in tensors.items():
        if text in anchors:
            lines.append(f"{_text(name)}: *{anchors[text]}")
            continue
        anchor = f"t{len(anchors) + 1}"
        mark = f"&{anchors.setdefault(text, anchor)} " if counts[text] > 1 else ""
        lines.append(f"{_text(name)}: {mark}{_text(text)}")
    return "\n".join(lines) + "\n"


def _component(component: ComponentSignature, anchors: dict[str, Mapping[str, str]]) -> Iterator[str]:
    yield f"  - call: {_text(component.call)}"
    yield f"    role: {component.role}"
    if component.classes:
        yield f"    classes: {component.classes}"
    if component.dense:
        yield "    dense: true"
    if component.inert:
        yield f"    inert: [{', '.join(sorted(component.inert))}]"
    if len(component.rows) == 1 and not component.rows[0].when:
        yield from ("    " + line for line in _row(component.rows[0], anchors))
        return
    yield "    rows:"
    for row in component.rows:
        first, *rest = _row(row, anchors)
        yield f"      - {first}"
        yield from ("        " + line for line in rest)


def _row(row: SignatureRow, anchors: dict[str, Mapping[str, str]]) -> Iterator[str]:
    if row.when:
        yield f"when: {_text(row.when)}"
    yield f"shapes: {_text(row.shapes)}"
    if row.weights != "":
        yield f"weights: {_text(row.weights)}"
    if not row.parts:
        return
    own: Mapping[str, str] = row.parts
    for anchor, known in anchors.items():
        own = {name: shapes for name, shapes in row.parts.items() if known.get(name) != shapes}
        if len(own) <= len(row.parts) // 2 and [*known, *(name for name in own if name not in known)] == [*row.parts]:
            yield f"parts:{'' if own else f' *{anchor}'}"
            yield from [f"  <<: *{anchor}"] * bool(own)
            break
    else:
        anchor = f"parts{len(anchors) + 1}"
        anchors[anchor] = own = row.parts
        yield f"parts: &{anchor}"
    for name, shapes in own.items():
        yield f"  {_text(name)}: {_text(shapes)}"


def _text(value: str | int) -> str:
    """A plain scalar if YAML reads it back as the same text, otherwise a quoted one."""
    if isinstance(value, int):
        return str(value)
    plain = re.fullmatch(r"[A-Za-z](?:[^:#\n]|:(?=\S)|(?<! )#)*(?<=[^\s:])", value)
    return value if plain and value.lower() not in _WORDS else json.dumps(value, ensure_ascii=False)


_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
