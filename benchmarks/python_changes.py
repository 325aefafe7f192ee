"""Faults in a Python training script: each is a change of one number, axis, slice, call or name."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from shapelint.python.state.places import Places
from shapelint.text.source import Span

OF_THE_DATA = re.compile(
    r"(Trainer|CIFAR10|Detection|Dataset|DataLoader|Collator|collator|Compose)$"
    r"|^(SGD|AdamW?|LARS|range|enumerate|print|len|int|float|update_\w+|\w+_schedule|Scheduler|CosineWarmup\w*)$"
)
"""Calls that are unrelated to the shapes inside a model."""

OF_THE_LOADER = re.compile(r"views|batch|num_views")
"""Arguments that determine the output of a data loader: the number of views and images."""

AXES = re.compile("(flatten|mean|sum|amax|max|transpose|squeeze|unsqueeze|cat|stack|normalize|softmax)$")
OTHER_BACKBONES = {
    "resnet18": "resnet50",
    "resnet50": "resnet18",
    "vit_b_32": "vit_b_16",
    "vit_small_patch16_224": "vit_base_patch16_224",
    "vit_base_patch16_224": "vit_small_patch16_224",
    "vit_base_patch32_224": "vit_small_patch16_224",
}


@dataclass(frozen=True)
class Mutant:
    """A change of a text, with its line and kind."""

    text: str
    line: int
    kind: str
    what: str


def draw(text: str, most: int, seed: str, wanted: frozenset[str] = frozenset()) -> list[Mutant]:
    """Draw at most `most` mutants of a text, from all kinds in turn, or only from those that are `wanted`."""
    kinds: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in mutants(text):
        if not wanted or mutant.kind in wanted:
            kinds[mutant.kind].append(mutant)
    random = Random(seed)
    for found in kinds.values():
        random.shuffle(found)
    order = list(kinds)
    random.shuffle(order)
    chosen: list[Mutant] = []
    while len(chosen) < most and any(kinds.values()):
        chosen += [kinds[kind].pop() for kind in order if kinds[kind]]
    return chosen[:most]


def mutants(text: str) -> Iterator[Mutant]:
    """Yield every mutant of a text that is still valid Python."""
    maker = _Maker(text)
    for node, inside in _walk(ast.parse(text), ""):
        for mutant in maker.of(node, inside):
            try:
                ast.parse(mutant.text)
            except SyntaxError:
                continue
            if mutant.text != text:
                yield mutant


def _walk(node: ast.AST, inside: str) -> Iterator[tuple[ast.AST, str]]:
    """Yield the nodes, each with the name of the call whose argument it is; calls about data are skipped."""
    name = _called(node)
    if (name and OF_THE_DATA.search(name)) or _of_the_loader(node):
        return
    yield node, inside
    for field, child in ast.iter_fields(node):
        for one in child if isinstance(child, list) else [child]:
            if isinstance(one, ast.AST):
                yield from _walk(one, name if name and field in ("args", "keywords") else inside if not name else "")


def _of_the_loader(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return _called(node) in ("chunk", "cat", "stack") and "features" not in ast.unparse(node)
    label = node.arg if isinstance(node, ast.keyword) else ast.unparse(node) if isinstance(node, ast.Subscript) else ""
    return bool(label and OF_THE_LOADER.search(label))


def _called(node: ast.AST) -> str:
    return ast.unparse(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""


class _Maker:
    """The changes of a text, by the node that they change."""

    def __init__(self, text: str):
        self.text, self.places = text, Places(text)

    def of(self, node: ast.AST, inside: str) -> Iterator[Mutant]:
        """Yield the changes of a node that is an argument of the call `inside`."""
        if isinstance(node, ast.Constant) and type(node.value) is int:
            yield from self._number(node, inside)
        elif isinstance(node, ast.Assign):
            yield from self._assignment(node)
        elif isinstance(node, ast.Subscript):
            yield from self._slice(node)
        elif isinstance(node, ast.Call):
            yield from self._call(node)
        elif isinstance(node, (ast.Attribute, ast.Name)) and isinstance(node.ctx, ast.Load):
            yield from self._backbone(node)

    def _change(self, span: Span, new: str, line: int, kind: str) -> Mutant:
        old = " ".join(self.text[span.start : span.end].split())
        return Mutant(
            self.text[: span.start] + new + self.text[span.end :], line, kind, f"{old[:50]} -> {new[:50] or 'nothing'}"
        )

    def _values(self, node: ast.Constant, values: tuple[int, ...], kind: str) -> Iterator[Mutant]:
        for value in values:
            yield self._change(self.places.span(node), str(value), node.lineno, kind)

    def _number(self, node: ast.Constant, inside: str) -> Iterator[Mutant]:
        value = node.value
        assert isinstance(value, int)
        if AXES.match(inside) and value <= 4:
            yield from self._values(node, (value + 1,), "axis")
        elif inside and value >= 16:
            yield from self._values(node, (value * 2, value // 2, value + 8), "width")
        elif inside[:1].isupper() and value >= 2:
            yield from self._values(node, (value + 1,), "count")

    def _assignment(self, node: ast.Assign) -> Iterator[Mutant]:
        if isinstance(node.value, ast.Constant) and type(node.value.value) is int and node.value.value >= 16:
            value = node.value.value
            if "epochs" not in ast.unparse(node.targets[0]):
                yield from self._values(node.value, (value * 2, value // 2, value + 8), "constant")
        if isinstance(node.value, ast.Call) and _called(node.value) == "Identity":
            yield self._change(self.places.span(node), "pass", node.lineno, "classifier left on")

    def _slice(self, node: ast.Subscript) -> Iterator[Mutant]:
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if not any(isinstance(part, ast.Slice) for part in parts):
            return
        for part in parts:
            ends = [part.lower, part.upper] if isinstance(part, ast.Slice) else [part]
            for end in ends:
                if isinstance(end, (ast.Constant, ast.UnaryOp)) and re.fullmatch(r"-?\d+", ast.unparse(end)):
                    value = int(ast.unparse(end))
                    further = value - 1 if value < 0 else value + 1
                    yield self._change(self.places.span(end), str(further), node.lineno, "slice")
        whole, inner = self.places.span(node), self.places.span(node.value)
        yield self._change(whole, self.text[inner.start : inner.end], node.lineno, "slice removed")

    def _call(self, node: ast.Call) -> Iterator[Mutant]:
        name, line = _called(node), node.end_lineno or node.lineno
        whole = self.places.span(node)
        if isinstance(node.func, ast.Attribute) and name in ("flatten", "mean", "squeeze", "permute"):
            is_function = ast.unparse(node.func.value) in ("torch", "F")
            inner = self.places.span(node.args[0] if is_function else node.func.value)
            yield self._change(whole, self.text[inner.start : inner.end], line, f"{name} removed")
        is_module = isinstance(node.func, ast.Attribute) and re.search(r"head|predict|decoder", name)
        if is_module and name[:1].islower() and len(node.args) == 1 and not node.keywords:
            inner = self.places.span(node.args[0])
            if not name.startswith("forward"):
                yield self._change(whole, self.text[inner.start : inner.end], node.lineno, "module skipped")
        numbers = [a for a in node.args if isinstance(a, ast.Constant) and type(a.value) is int]
        for left, right in pairwise(numbers):
            one, two = self.places.span(left), self.places.span(right)
            first, second = self.text[one.start : one.end], self.text[two.start : two.end]
            if (name[:1].isupper() or name == "permute") and first != second:
                between = self.text[one.end : two.start]
                yield self._change(Span(one.start, two.end), second + between + first, left.lineno, "swapped")
        for keyword in node.keywords:
            if keyword.arg == "num_classes":
                yield self._change(self.places.span(keyword), "", keyword.lineno, "classifier left on")

    def _backbone(self, node: ast.Attribute | ast.Name) -> Iterator[Mutant]:
        last = node.attr if isinstance(node, ast.Attribute) else node.id
        if last in OTHER_BACKBONES and f"{last}(" in self.text:
            end = self.places.span(node).end
            if isinstance(node, ast.Name):
                changed = self.text.replace(f"import {last}", f"import {last}, {OTHER_BACKBONES[last]}")
                shift = len(changed) - len(self.text)
                new = changed[: end + shift - len(last)] + OTHER_BACKBONES[last] + changed[end + shift :]
                yield Mutant(new, node.lineno, "backbone", f"{last} -> {OTHER_BACKBONES[last]}")
            else:
                yield self._change(Span(end - len(last), end), OTHER_BACKBONES[last], node.lineno, "backbone")
