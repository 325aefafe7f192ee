"""Dataclasses: the fields of a class, and what its `__init__` does with them.

https://docs.python.org/3/library/dataclasses.html
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from shapelint.common.words import words
from shapelint.python.objects import mutation
from shapelint.python.state import class_lookup
from shapelint.python.state.arguments import Arguments, Keywords, Site
from shapelint.python.state.forgetting import forget
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import truth
from shapelint.python.state.values import (
    NO_SPAN,
    UNKNOWN,
    Field,
    Function,
    Given,
    Instance,
    Library,
    Partial,
    Scope,
    Unknown,
    UserClass,
    Value,
)

DATACLASSES: frozenset[str] = words(
    "dataclasses.dataclass attr.s attr.dataclass attrs.define attr.define pydantic.dataclasses.dataclass"
)
BASES_WITHOUT_FIELDS = ("builtins.", "abc.", "typing.", "typing_extensions.", "torch.nn.", "enum.")
"""Libraries whose classes have no fields."""


def decorate(run: Run, cls: UserClass, keywords: Keywords) -> UserClass:
    """Apply `@dataclass`: give a class the fields of its bases and its own, and their defaults as attributes."""
    found: dict[str, Field] = {}
    certain = True
    for base in reversed(class_lookup.resolution_order(cls)[1:]):
        if isinstance(base, UserClass):
            found.update({field.name: field for field in inherited(base)})
            certain = certain and base.certain
        else:
            certain = certain and isinstance(base, Library) and base.name.startswith(BASES_WITHOUT_FIELDS)
    keyword, initial = _flag(keywords, "kw_only", False), _flag(keywords, "init", True)
    own = _own(run, cls, keyword is True)
    run.touch(cls.scope)
    for field in own:
        found[field.name] = field
        cls.scope.names[field.name] = field.default
        if field.factory is not None:
            del cls.scope.names[field.name]
    cls.fields = tuple(found.values())
    cls.certain = certain and keyword is not None and initial is True
    return cls


def named_tuple(name: str, names: Sequence[str], defaults: Sequence[Value], site: Site) -> UserClass:
    """Return the class that `namedtuple(name, names, defaults=defaults)` makes."""
    node = ast.copy_location(ast.ClassDef(name, [], [], [], []), site.node)
    given = [UNKNOWN] * (len(names) - len(defaults)) + list(defaults)
    fields = tuple(Field(one, value) for one, value in zip(names, given))
    scope = Scope({}, site.scope, site.scope.file, "class")
    return UserClass(name, (Library("typing.NamedTuple"),), scope, node, fields)


def inherited(cls: UserClass) -> tuple[Field, ...]:
    """Return the fields of a class, or those of its nearest base that has some."""
    line = [one for one in class_lookup.resolution_order(cls) if isinstance(one, UserClass)]
    return next((one.fields for one in line if one.fields is not None), ())


def _flag(keywords: Keywords, name: str, default: bool) -> bool | None:
    return truth(keywords[name].value) if name in keywords else default


def _own(run: Run, cls: UserClass, keyword: bool) -> list[Field]:
    """Return the fields that a class body annotates; those after `_: KW_ONLY` are keyword-only."""
    found = []
    for node in cls.node.body:
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        kind = _kind(run, node.annotation, cls.scope)
        keyword = keyword or kind == "KW_ONLY"
        if kind not in ("KW_ONLY", "ClassVar"):
            default = class_lookup.find(cls, node.target.id)
            found.append(_field(node.target.id, default or UNKNOWN, keyword, kind == "InitVar"))
    return found


def _kind(run: Run, node: ast.expr, scope: Scope) -> str:
    """Return the last name of an annotation without its arguments: `InitVar` for `dataclasses.InitVar[int]`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
    else:
        head = node.value if isinstance(node, ast.Subscript) else node
        found = run.evaluate(head, scope)
        text = found.name if isinstance(found, Library) else ast.unparse(head)
    return text.partition("[")[0].rpartition(".")[2]


def _field(name: str, value: Value, keyword: bool, only_initial: bool) -> Field:
    """Return a field according to the value that is assigned to it: a default, or `field(...)`."""
    if not isinstance(value, Partial) or value.function != Library("dataclasses.field"):
        return Field(name, value, None, True, only_initial, keyword)
    given = dict(value.keywords)
    default, factory = (given[key].value if key in given else None for key in ("default", "default_factory"))
    initial, keyword = _flag(given, "init", True) is True, _flag(given, "kw_only", keyword) is True
    return Field(name, default or UNKNOWN, factory, initial, only_initial, keyword)


def initialise(run: Run, cls: UserClass, owner: Instance, arguments: Arguments) -> None:
    """Run the `__init__` of a dataclass: set each attribute as given or to its default, then call `__post_init__`."""
    assert owner.cls is not None
    fields = cls.fields or ()
    places = [field.name for field in fields if field.initial and not field.keyword]
    given = {
        **dict(zip(places, arguments.positional)),
        **{f.name: arguments.keywords[f.name] for f in fields if f.name in arguments.keywords},
    }
    rest: list[Given] = []
    lost = UNKNOWN if arguments.cause is None else Unknown(arguments.cause)
    for field in fields:
        value = given[field.name] if field.name in given and field.initial else None
        if value is None:
            value = Given(_default(run, field) if arguments.complete or not field.initial else lost, NO_SPAN)
        if field.only_initial:
            rest.append(value)
        else:
            mutation.set_attribute(run, owner, field.name, value.value)
    for name in ("__post_init__", "__attrs_post_init__"):
        after = class_lookup.find(owner.cls, name)
        if isinstance(after, Function):
            run.call_function(after, Arguments(tuple(rest)), owner)
    if not cls.certain or isinstance(class_lookup.find(owner.cls, "__setattr__"), Function):
        forget(run, owner)


def _default(run: Run, field: Field) -> Value:
    if field.factory is None:
        return field.default
    return run.call(field.factory, Arguments(), Site(ast.Constant(None), Scope({})))
