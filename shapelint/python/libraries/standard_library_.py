"""The Python standard library: built-in functions, and tools for classes and containers."""

from __future__ import annotations

import math

from shapelint.common.frozen import replace
from shapelint.common.words import words
from shapelint.python.builtins import builtin_functions, standard_library
from shapelint.python.builtins.iteration import any_of
from shapelint.python.objects import copying, dataclass_fields, dicts
from shapelint.python.state.arguments import NO_SITE, Arguments, Site
from shapelint.python.state.forgetting import forget
from shapelint.python.state.plugins import Handler, LibraryPlugin
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import sequence
from shapelint.python.state.values import (
    NO_SPAN,
    UNKNOWN,
    Bound,
    Const,
    Given,
    Instance,
    Items,
    Library,
    Partial,
    UserClass,
    Value,
)

PACKAGES = words(
    """
    builtins math copy functools collections typing typing_extensions types dataclasses itertools os sys pathlib json re
    random time abc enum logging warnings contextlib operator string datetime shutil glob
    """
)
NAMED_TUPLE_ARGUMENTS = frozenset({"typename", "field_names", "fields", "defaults", "module"})
KEEPS_ITERATORS = words("callable getattr hasattr id isinstance iter next print type")


def make(run: Run, name: str, arguments: Arguments, site: Site) -> Value | None:
    """Call a built-in function, or a method of a built-in class with the object passed (`list.append(x, 1)`)."""
    if not name.startswith("builtins."):
        return None
    if name.count(".") == 2 and arguments.positional:
        bound = Bound(arguments.positional[0].value, name.rpartition(".")[2])
        return run.call(bound, replace(arguments, positional=arguments.positional[1:]), site)
    if not arguments.complete and name != "builtins.dict":
        return UNKNOWN
    made = builtin_functions.call(run, name.removeprefix("builtins."), arguments, site)
    if not arguments.complete:
        forget(run, made, arguments.cause)
    return made


def siteless(handler: standard_library.StandardLibraryHandler) -> Handler:
    """Wrap a handler that does not need the call site."""
    return lambda run, arguments, site: handler(run, arguments)


def dictionary(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `OrderedDict(...)` and similar calls."""
    return make(run, "builtins.dict", arguments, NO_SITE) or UNKNOWN


def namespace(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `SimpleNamespace(width=3)`."""
    found = dicts.namespace({name: given.value for name, given in arguments.keywords.items()})
    found.cause = arguments.cause
    return found


def _deque(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `deque(values)`; one of a largest length forgets its first elements, and how many it has."""
    given, length = arguments.get(0, "iterable"), arguments.get(1, "maxlen")
    items = Items([]) if given is None else sequence(given)
    if items is None or not arguments.complete:
        return UNKNOWN
    if length is None or length == Const(None):
        return Items(list(items.items), rest=items.rest)
    return Items([], rest=any_of(items))


def _partial(run: Run, arguments: Arguments, site: Site) -> Value:
    if not arguments.positional:
        return UNKNOWN
    return Partial(arguments.positional[0].value, tuple(arguments.positional[1:]), tuple(arguments.keywords.items()))


def _field(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `dataclasses.field`: keep its arguments for the class decorator, which creates the field."""
    return Partial(Library("dataclasses.field"), (), tuple(arguments.keywords.items()))


def _dataclass(name: str) -> Handler:
    """Return the handler of `@dataclass` and of `@dataclass(...)`, which returns a decorator."""

    def handler(run: Run, arguments: Arguments, site: Site) -> Value:
        if not arguments.positional:
            return Partial(Library(name), (), tuple(arguments.keywords.items()))
        cls = arguments.positional[0].value
        return dataclass_fields.decorate(run, cls, arguments.keywords) if isinstance(cls, UserClass) else UNKNOWN

    return handler


def _replaced(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `dataclasses.replace`: create an object of the same class with some values changed."""
    old = arguments.positional[0].value if arguments.positional else UNKNOWN
    if not isinstance(old, Instance) or old.cls is None or old.opaque:
        return UNKNOWN
    given = {name: Given(value, NO_SPAN) for name, value in old.attributes.items()}
    return run.call(old.cls, Arguments(keywords={**given, **arguments.keywords}), NO_SITE)


def _fields(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `dataclasses.fields(cls)`: of each its name."""
    owner = arguments.values[0] if arguments.positional else UNKNOWN
    cls = owner.cls if isinstance(owner, Instance) else owner
    if not isinstance(cls, UserClass) or cls.fields is None or not cls.certain:
        return UNKNOWN
    return Items([dicts.namespace({"name": Const(field.name)}) for field in cls.fields], "tuple")


def _named_tuple(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `namedtuple("Sizes", "taken given")` and `NamedTuple("Sizes", [("taken", int)])`."""
    name, listed = arguments.get(0, "typename"), arguments.get(1, "field_names", "fields")
    given = sequence(arguments.keywords["defaults"].value) if "defaults" in arguments.keywords else Items([])
    names = _names(listed) if listed is not None and arguments.complete else None
    if names is None or given is None or given.rest is not None or arguments.keywords.keys() - NAMED_TUPLE_ARGUMENTS:
        return UNKNOWN
    text = str(name.value) if isinstance(name, Const) else "a named tuple"
    return dataclass_fields.named_tuple(text, names, given.items[-len(names) :] if names else [], site)


def _names(listed: Value) -> list[str] | None:
    """Return the names of the fields of a named tuple: a text of them, or a sequence, or one of names with types."""
    if isinstance(listed, Const):
        return str(listed.value).replace(",", " ").split()
    items = sequence(listed)
    parts = [sequence(one) if isinstance(one, Items) else Items([one]) for one in items.items] if items else []
    names = [part.items[0].value for part in parts if part and part.items and isinstance(part.items[0], Const)]
    known = items is not None and items.rest is None and len(names) == len(items.items)
    return [str(name) for name in names] if known else None


STANDARD_LIBRARY = LibraryPlugin(
    "standard library",
    packages=PACKAGES,
    functions={
        **{name: siteless(handler) for name, handler in standard_library.STANDARD_LIBRARY_FUNCTIONS.items()},
        **{name: _dataclass(name) for name in dataclass_fields.DATACLASSES},
        "copy.deepcopy": siteless(copying.deepcopy),
        "copy.copy": siteless(copying.shallow),
        "functools.partial": _partial,
        "dataclasses.field": _field,
        "dataclasses.asdict": siteless(copying.as_dict),
        "dataclasses.replace": _replaced,
        "collections.OrderedDict": dictionary,
        "typing.OrderedDict": dictionary,
        "types.SimpleNamespace": namespace,
        "dataclasses.fields": _fields,
        "collections.namedtuple": _named_tuple,
        "collections.deque": _deque,
        "typing.NamedTuple": _named_tuple,
    },
    constants={
        "math.pi": math.pi,
        "math.inf": math.inf,
        "typing.TYPE_CHECKING": False,
        "typing_extensions.TYPE_CHECKING": False,
    },
    keeps_iterators=frozenset(f"builtins.{name}" for name in KEEPS_ITERATORS),
    make=make,
)
