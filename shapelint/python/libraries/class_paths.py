"""Mappings that name a class by `class_path` and its arguments by `init_args`, as jsonargparse and Lightning read them.

https://jsonargparse.readthedocs.io/en/stable/#class-type-and-sub-classes
"""

from __future__ import annotations

import os

from shapelint.common.frozen import frozen
from shapelint.python.libraries import parameter_types
from shapelint.python.libraries.parameter_types import ANYTHING, ParameterType
from shapelint.python.state import loading
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.named_objects import named
from shapelint.python.state.references import settled
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import sequence
from shapelint.python.state.values import (
    NO_SPAN,
    UNKNOWN,
    Const,
    DataFile,
    Given,
    Items,
    Library,
    Partial,
    Table,
    UserClass,
    Value,
)
from shapelint.signatures import stored
from shapelint.text.source import Span

MORE_KEYWORDS = "dict_kwargs"
"""The key of arguments that a class takes by `**` without naming them."""
NAMED_PARTS = frozenset({"init_args", MORE_KEYWORDS})
CONFIG_SUFFIXES = (".yaml", ".yml")
SHORT = ("torch.nn.{}", "torchvision.models.{}")
"""Where a class of a library lies that is named without its package."""


@frozen
class ClassBuilder:
    """Builds what a config describes; `base` is where the program asks for it."""

    run: Run
    site: Site

    @property
    def span(self) -> Span:
        """The place of the call in the program that builds it."""
        file = self.site.scope.file
        return file.span(self.site.node) if file is not None else NO_SPAN

    def built(self, value: Value, type_: ParameterType = ANYTHING) -> Value:
        """Return what a config gives to a parameter, with everything in it built that names a class."""
        value = settled(value)
        if isinstance(value, Items):
            element = type_.element or ANYTHING
            return Items([self.built(item, element) for item in value.items], value.kind, value.rest and UNKNOWN)
        if isinstance(value, Const):
            return self._of_text(value, type_)
        if not isinstance(value, Table):
            return value
        name = class_name(value)
        if name is not None:
            return self._named(name, arguments_of(value), type_.factory)
        if len(type_.classes) == 1 and not type_.takes_text:
            return UNKNOWN if NAMED_PARTS & value.items.keys() else self.made(type_.classes[0], value)
        items = {key: self.built(item) for key, item in value.items.items()}
        return Table(
            items,
            value.open,
            attributes=value.attributes,
            maybe_missing=value.maybe_missing,
            converts=value.converts,
        )

    def _of_text(self, value: Const, type_: ParameterType) -> Value:
        """Return what a text is where a class is asked for: a file with its arguments, or its name."""
        if not isinstance(value.value, str) or type_.takes_text or not (type_.classes or type_.factory):
            return value
        if value.value.endswith(CONFIG_SUFFIXES):
            return self.built(self.loaded(value), type_)
        return self._named(value, Table({}), type_.factory)

    def loaded(self, value: Const) -> Value:
        """Return the contents of a config that another one names: it is looked for next to that one."""
        source = self.run.others.source
        beside = os.path.dirname(source.part_of(value.place.start).path) if value.place is not None else ""
        paths = [os.path.join(beside, str(value.value)), str(value.value)]
        found = next((path for path in paths if loading.locate(self.run, path)), paths[0])
        return loading.load(self.run, DataFile(found, "file"), "yaml", self.site)

    def _named(self, name: Const, section: Table, factory: bool) -> Value:
        """Return the object of a class that a config names; with `factory`, what builds one."""
        target = self.target(str(name.value))
        if factory:
            arguments = self._arguments(target, section)
            given = tuple(arguments.keywords.items())
            return Partial(target, arguments.positional, given) if arguments.complete else UNKNOWN
        if name.place is not None:
            self.run.anchors.append(name.place)
        try:
            return self.made(target, section)
        finally:
            if name.place is not None:
                self.run.anchors.pop()

    def made(self, target: Value, section: Table) -> Value:
        """Return the object of a class, or what a function returns, with the arguments in a section."""
        return self.run.call(target, self._arguments(target, section), self.site)

    def _arguments(self, target: Value, section: Table) -> Arguments:
        types = {key: parameter_types.of_parameter(self.run, target, str(key), self.site) for key in section.items}
        items = {str(key): self.built(item, types[key]) for key, item in section.items.items()}
        listed = sequence(items["args"]) if isinstance(target, Library) and "args" in items else None
        if listed is not None:
            del items["args"]
        positional = tuple(map(self._given, listed.items)) if listed is not None else ()
        complete = not section.open and not section.maybe_missing and (listed is None or listed.rest is None)
        return Arguments(positional, {key: self._given(item) for key, item in items.items()}, complete)

    def target(self, name: str) -> Value:
        """Return the class that a config names: by its path, or by its name alone if the program knows the class."""
        if "." in name:
            return named(self.run, name, self.site)
        scopes = [scope for scope in self.run.modules.values() if scope is not None]
        found = [scope.names[name] for scope in scopes if isinstance(scope.names.get(name), UserClass)]
        known = (form.format(name) for form in SHORT)
        library = (Library(path) for path in known if stored.find(path) is not None)
        return found[0] if found else next(library, UNKNOWN)

    def _given(self, value: Value) -> Given:
        return Given(value, self.span, foreign=True)


def class_name(section: Table) -> Const | None:
    """Return the class that a section names; None if it names none."""
    value = settled(section.items.get("class_path", UNKNOWN))
    return value if isinstance(value, Const) and isinstance(value.value, str) else None


def arguments_of(section: Table) -> Table:
    """Return the arguments of a class that a section names."""
    parts = [settled(section.items.get(key, Table({}))) for key in ("init_args", MORE_KEYWORDS)]
    tables = [part for part in parts if isinstance(part, Table)]
    known = len(tables) == len(parts) or all(isinstance(part, (Table, Const)) for part in parts)
    items = {key: item for table in tables for key, item in table.items.items()}
    return Table(items, not known or any(table.open for table in tables))
