"""Signatures of models that are built from a config: formulas in its fields, filled in for one config and one call."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from shapelint.common import syntax_trees
from shapelint.common.frozen import frozen
from shapelint.knowledge import pretrained_data
from shapelint.knowledge.schema.pretrained_models import PretrainedModel
from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureRow
from shapelint.shapes import dims, expression

UNSEEN_AXIS = "unseen"
"""The name of an axis that is not known."""
MOST_REPEATED = 100
SIDES = {"H": "[0]", "W": "[1]"}
"""The axes of an image, and where the size that a config names has them."""


@frozen
class PretrainedCall:
    """What a call asks for: images of any size (None if that is not known), and the outputs of every layer."""

    interpolates: bool | None = False
    every_layer: bool = False


@frozen
class PretrainedOutputs:
    """The signature of a call, and the outputs that it lacks: whether each is None for certain, or not known."""

    signature: ComponentSignature
    lacks: Mapping[str, bool]


def computed(config: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that a class of configs computes from others, as far as these are known."""
    found: dict[str, Any] = {}
    for name, formula in pretrained_data.computed(config).items():
        if values.get(name) is None:
            found[name] = _evaluated(formula, {**values, **found})
    return found


def refused(model: PretrainedModel, values: Mapping[str, Any]) -> str:
    """Return why nothing is known of a model with these arguments; empty if it is."""
    for condition in expression.conjuncts(model.covers):
        holds = _evaluated(condition, values)
        if holds is not True:
            return f"it is not known here unless {condition}"
    return ""


def outputs(name: str, model: PretrainedModel, values: Mapping[str, Any], call: PretrainedCall) -> PretrainedOutputs:
    """Return the signature of a class of models with these fields and arguments, for one kind of call."""
    formulas = _Formulas(model, values, call)
    lacks: dict[str, bool] = {}
    gives: dict[str, str] = {}
    for output, shape in model.gives.items():
        present = _evaluated(model.only.get(output, "True"), values)
        if present is True:
            gives[output] = formulas.shape(shape)
        else:
            lacks[output] = present is False
    for output, repeated in model.repeated.items():
        count = _evaluated(repeated.count, values) if repeated.count and call.every_layer else None
        if isinstance(count, int) and repeated.each and 0 < count <= MOST_REPEATED:
            gives[output] = f"({', '.join(formulas.shape(repeated.each, index) for index in range(count))},)"
        else:
            lacks[output] = not call.every_layer
    (taken,) = model.takes.values()
    listed = ", ".join(f"{output}: {shape}" for output, shape in gives.items())
    shapes = f"{formulas.shape(taken)} -> {model.returns}{{{listed}}}"
    if where := formulas.conditions():
        shapes += f" where {where}"
    row = SignatureRow(shapes=shapes)
    used = {one: values[one] for one in re.findall(r"[A-Za-z_]\w*", shapes) if one in values}
    defaults = "".join(f", {one}={_text(value)}" for one, value in used.items())
    call_text = f"transformers.{name}({UNSEEN_AXIS}=None{defaults})"
    return PretrainedOutputs(ComponentSignature(call=call_text, role="backbone", rows=(row,), inert=frozenset()), lacks)


class _Formulas:
    """The formulas of one model, with its abbreviations and what follows from its config filled in."""

    def __init__(self, model: PretrainedModel, values: Mapping[str, Any], call: PretrainedCall) -> None:
        self.model, self.values, self.call = model, values, call
        self.names = {**model.names, **{name: self._folded(name) for name in model.folds}}

    def shape(self, text: str, index: int = 0) -> str:
        """Return the axes of a tensor, in the notation of signatures."""
        return " ".join(self._axis(axis, index) for axis in text.split())

    def conditions(self) -> str:
        """Return the conditions under which the model can be built and called."""
        every = expression.conjuncts(self.model.where)
        if self.call.interpolates is False and not self.model.same_size.isidentifier():
            every = (*every, *expression.conjuncts(self.model.same_size))
        return " and ".join(self._filled(condition, 0) for condition in every)

    def _axis(self, text: str, index: int) -> str:
        filled = self._filled(text, index)
        return filled if re.fullmatch(r"[\w\[\]-]+", filled) else f"({filled.replace(' ', '')})"

    def _filled(self, text: str, index: int) -> str:
        for _ in range(5):
            text = re.sub(r"[A-Za-z_]\w*", lambda found: self.names.get(found[0], found[0]), text)
        text = text.replace("@", str(index))
        size = self.model.same_size
        if self.call.interpolates is False and size.isidentifier():
            text = re.sub(r"\b[HW]\b", lambda found: size + SIDES[found[0]], text)
        return ast.unparse(_Constants(self.values).visit(syntax_trees.expression(text.strip())))

    def _folded(self, name: str) -> str:
        fold = self.model.folds[name]
        text, elements = fold.of, self.values.get(fold.over)
        if not isinstance(elements, (tuple, list)):
            return UNSEEN_AXIS
        for index in range(len(elements)):
            text = fold.each.replace("#", text).replace("@", str(index))
        return text


class _Constants(ast.NodeTransformer):
    """Replace what the notation of signatures has no axes for (powers, lengths, choices) by its value."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        return self._constant(node) if isinstance(node.op, ast.Pow) else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        return self._constant(node) if name in ("len", "min", "max") else node

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        self.generic_visit(node)
        return self._constant(node)

    def _constant(self, node: ast.expr) -> ast.expr:
        value = _evaluated(ast.unparse(node), self.values)
        return ast.Constant(value) if isinstance(value, int) else ast.Name(UNSEEN_AXIS)


def _evaluated(formula: str, values: Mapping[str, Any]) -> Any:
    """Return the value of a formula; unknown for one that these values do not determine."""
    try:
        return expression.evaluate(formula, values)
    except (expression.ExpressionError, TypeError):
        return dims.UNKNOWN_DIM


def _text(value: Any) -> str:
    """Return a value as the default of a parameter; one that cannot be written is not known."""
    return repr(value) if isinstance(value, (int, float, str, bool, tuple, list, type(None))) else "None"
