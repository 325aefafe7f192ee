"""pydantic's models: objects whose attributes are the items of a dict, nested ones those of the dicts inside it.

A value that pydantic converts to another type is unknown; so is a field that a validator of the class may change.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from shapelint.common import syntax_trees
from shapelint.common.frozen import frozen, replace
from shapelint.common.words import words
from shapelint.python.objects import copying, mutation
from shapelint.python.state import class_lookup
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.forgetting import forget
from shapelint.python.state.plugins import LibraryPlugin
from shapelint.python.state.references import settled
from shapelint.python.state.run import Run
from shapelint.python.state.values import (
    NO_SPAN,
    NONE,
    UNKNOWN,
    Const,
    Function,
    Given,
    Instance,
    Items,
    Library,
    Partial,
    Scope,
    Table,
    UserClass,
    Value,
)

PYDANTIC_BASE = "pydantic.main.BaseModel"
PYDANTIC_FIELD = Library("pydantic.Field")
ANNOTATED_LISTS = {"list": "list", "List": "list", "tuple": "tuple", "Tuple": "tuple", "Sequence": ""}
"""Annotations of sequences, with the kind that they make of any other sequence."""
PLAIN_KINDS: dict[str, type] = {
    "str": str,
    "bool": bool,
    **dict.fromkeys(words("int PositiveInt NonNegativeInt StrictInt"), int),
    **dict.fromkeys(words("float PositiveFloat NonNegativeFloat StrictFloat"), float),
}
"""Types that keep a value of a type of Python as it is."""
ONLY_CHECKS = words("Field Gt Ge Lt Le Interval MultipleOf Len Strict Doc")
"""What may stand in `Annotated` and changes no value."""
CHANGING_SETTINGS = ("alias_generator", "str_", "use_enum_values", "**")
"""What stands in a `model_config` that gives fields other names or values."""
DUMPED_ALIKE = frozenset({"mode", "round_trip", "warnings"})
"""Arguments of `model_dump` that leave out no field."""
MAXIMUM_FIELD_DEPTH = 20


@frozen
class Filling:
    """The annotation of a field, with the scope of the class in which it stands."""

    run: Run
    site: Site
    scope: Scope

    def converted(self, node: ast.expr, value: Value, depth: int = 0) -> Value:
        """Return a value as a field with this annotation holds it."""
        value = settled(value)
        if depth > MAXIMUM_FIELD_DEPTH:
            return UNKNOWN
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                return self.converted(syntax_trees.expression(node.value), value, depth + 1)
            except SyntaxError:
                return UNKNOWN
        choices = _choices(node)
        if len(choices) > 1:
            return self._one_of(choices, value, depth)
        if isinstance(node, ast.Subscript):
            return self._inside(node, value, depth)
        found = self.run.evaluate(node, self.scope)
        if isinstance(found, UserClass):
            return self._object(found, value)
        return value if _stays(found, value) else UNKNOWN

    def _one_of(self, choices: list[ast.expr], value: Value, depth: int) -> Value:
        """Return a value as one of several types takes it: None as it is, a dict as an object of the only class."""
        if value == NONE:
            return value
        own = [one for one in choices if not (isinstance(one, ast.Constant) and one.value is None)]
        return self.converted(own[0], value, depth + 1) if len(own) == 1 else UNKNOWN

    def _inside(self, node: ast.Subscript, value: Value, depth: int) -> Value:
        name = ast.unparse(node.value).rpartition(".")[2]
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if name == "Optional":
            return value if value == NONE else self.converted(node.slice, value, depth + 1)
        if name == "Union":
            return self._one_of(inner, value, depth)
        if name == "Annotated":
            return self.converted(inner[0], value, depth + 1) if all(map(_only_checks, inner[1:])) else UNKNOWN
        if name == "Literal":
            return value
        if name in ANNOTATED_LISTS and isinstance(value, Items) and value.kind in ("list", "tuple"):
            kind, rest = ANNOTATED_LISTS[name] or value.kind, value.rest
            is_fixed = kind == "tuple" and ast.unparse(inner[-1]) != "..."
            each = inner if is_fixed else inner[:1] * len(value.items)
            items = [self.converted(one, item, depth + 1) for one, item in zip(each, value.items)]
            return replace(value, items=items, kind=kind, rest=rest and self.converted(inner[0], rest, depth + 1))
        if name in ("dict", "Dict", "Mapping") and isinstance(value, Table) and len(inner) == 2:
            return self._table(inner[0], inner[1], value, depth)
        return UNKNOWN

    def _table(self, key_node: ast.expr, node: ast.expr, value: Table, depth: int) -> Value:
        if not all(isinstance(self.converted(key_node, Const(key), depth + 1), Const) for key in value.items):
            return UNKNOWN
        made = {key: self.converted(node, item, depth + 1) for key, item in value.items.items()}
        return Table(made, value.open, maybe_missing=value.maybe_missing)

    def _object(self, cls: UserClass, value: Value) -> Value:
        if not isinstance(value, Table):
            return value if isinstance(value, Instance) else UNKNOWN
        given = {str(key): Given(item, NO_SPAN, foreign=True) for key, item in value.items.items()}
        complete = not value.open and not value.maybe_missing
        return self.run.call(cls, Arguments(keywords=given, complete=complete), self.site)


def _choices(node: ast.expr) -> list[ast.expr]:
    """Return the types of `A | B`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_choices(node.left), *_choices(node.right)]
    return [node]


def _only_checks(node: ast.expr) -> bool:
    """Return whether what stands behind a type in `Annotated` leaves values and names as they are."""
    if not isinstance(node, ast.Call):
        return isinstance(node, ast.Constant)
    return ast.unparse(node.func).rpartition(".")[2] in ONLY_CHECKS and "alias" not in ast.unparse(node)


def _stays(kind: Value, value: Value) -> bool:
    """Return whether a value is not converted to another type."""
    if not isinstance(kind, Library):
        return False
    name = kind.name.rpartition(".")[2]
    if not isinstance(value, Const) or value == NONE or name in ("Any", "object"):
        return True
    return type(value.value) is PLAIN_KINDS.get(name)


def _fields(cls: UserClass) -> Iterator[tuple[UserClass, str, ast.expr]]:
    """Yield the fields of a model, those of its bases first: the class that has it, its name and its annotation."""
    line = reversed(class_lookup.resolution_order(cls))
    bodies = [(owner, node) for owner in line if isinstance(owner, UserClass) for node in owner.node.body]
    fields = [(owner, node) for owner, node in bodies if isinstance(node, ast.AnnAssign)]
    for owner, field in fields:
        if isinstance(field.target, ast.Name) and "ClassVar" not in ast.unparse(field.annotation).partition("[")[0]:
            yield owner, field.target.id, field.annotation


def _fill(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret the constructor of a model: each field is given, or has its default."""
    owner, data = arguments.get(0), arguments.get(1)
    if not isinstance(owner, Instance) or owner.cls is None or not isinstance(data, Table):
        return NONE
    known = not data.open and not data.maybe_missing
    for cls, name, annotation in _fields(owner.cls):
        default = class_lookup.find(owner.cls, name) or UNKNOWN
        keywords = dict(default.keywords) if isinstance(default, Partial) and default.function == PYDANTIC_FIELD else {}
        if {"alias", "validation_alias"} & keywords.keys() or "alias=" in ast.unparse(annotation):
            value: Value = UNKNOWN
        elif name in data.items and name not in data.maybe_missing:
            value = Filling(run, site, cls.scope).converted(annotation, data.items[name])
        else:
            value = _default(run, default, site) if known else UNKNOWN
        mutation.set_attribute(run, owner, name, value)
    if _is_changed_later(owner.cls):
        forget(run, owner)
    return NONE


def _default(run: Run, default: Value, site: Site) -> Value:
    if not isinstance(default, Partial) or default.function != PYDANTIC_FIELD:
        return copying.copied(run, default, {})
    keywords = dict(default.keywords)
    if "default_factory" in keywords:
        return run.call(keywords["default_factory"].value, Arguments(), site)
    given = keywords.get("default") or next(iter(default.positional), None)
    return copying.copied(run, given.value, {}) if given is not None else UNKNOWN


def _statements(cls: UserClass) -> list[ast.stmt]:
    own = [one for one in class_lookup.resolution_order(cls) if isinstance(one, UserClass)]
    return [node for one in own for node in one.node.body]


def _decorators(cls: UserClass) -> str:
    """Return what stands above the functions of a model."""
    functions = [node for node in _statements(cls) if isinstance(node, ast.FunctionDef)]
    return " ".join(ast.unparse(one) for node in functions for one in node.decorator_list)


def _is_changed_later(cls: UserClass) -> bool:
    """Return whether a class has functions of its own that see the values, or settings that change them or names."""
    if "validator" in _decorators(cls) or isinstance(class_lookup.find(cls, "model_post_init"), Function):
        return True
    line = [one for one in class_lookup.resolution_order(cls) if isinstance(one, UserClass)]
    texts = [ast.unparse(node) for one in line for node in (*one.node.keywords, *one.node.body) if _is_setting(node)]
    return any(word in text for text in texts for word in CHANGING_SETTINGS)


def _is_setting(node: ast.AST) -> bool:
    """Return whether a keyword or a statement of a class is about its fields: `model_config`, or a class `Config`."""
    if isinstance(node, ast.ClassDef):
        return node.name == "Config"
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        return ast.unparse(node).startswith("model_config")
    return isinstance(node, ast.keyword)


def _dumped(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `model.model_dump()`: the fields by name, nested models as dicts."""
    model, settings = arguments.get(0), arguments.get(1)
    if model is None or not isinstance(settings, Table) or settings.open or not settings.items.keys() <= DUMPED_ALIKE:
        return UNKNOWN
    return _as_dict(model)


def _as_dict(value: Value, depth: int = 0) -> Value:
    if depth > MAXIMUM_FIELD_DEPTH:
        return UNKNOWN
    if isinstance(value, Items):
        return replace(value, items=[_as_dict(item, depth + 1) for item in value.items])
    if isinstance(value, Table):
        return replace(value, items={key: _as_dict(item, depth + 1) for key, item in value.items.items()})
    if not isinstance(value, Instance) or value.cls is None:
        return value
    if "serializer" in (decorators := _decorators(value.cls)):
        return UNKNOWN
    items = {name: _as_dict(value.attributes.get(name, UNKNOWN), depth + 1) for _, name, _ in _fields(value.cls)}
    return Table(items, value.opaque or "computed_field" in decorators)


def _field(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `Field(512, gt=0)`: keep its arguments for the model that has the field."""
    return Partial(PYDANTIC_FIELD, arguments.positional, tuple(arguments.keywords.items()))


PYDANTIC = LibraryPlugin(
    "pydantic",
    packages=words("pydantic"),
    stand_ins={"pydantic.BaseModel": "pydantic.py"},
    functions={
        f"{PYDANTIC_BASE}.__init__": _fill,
        f"{PYDANTIC_BASE}.model_dump": _dumped,
        PYDANTIC_FIELD.name: _field,
    },
)
