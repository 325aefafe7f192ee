"""Mappings that name a class by `class_path` and its arguments by `init_args`, as jsonargparse and Lightning read them.

https://jsonargparse.readthedocs.io/en/stable/#class-type-and-sub-classes
"""

from __future__ import annotations

from shapelint.common.frozen import frozen
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.named_objects import named
from shapelint.python.state.references import settled
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import sequence
from shapelint.python.state.values import NO_SPAN, UNKNOWN, Const, Given, Items, Library, Table, UserClass, Value
from shapelint.text.source import Span

MORE_KEYWORDS = "dict_kwargs"
"""The key of arguments that a class takes by `**` without naming them."""
SHORT = ("torch.nn.{}", "torchvision.models.{}", "torch.optim.{}")
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

    def built(self, value: Value) -> Value:
        """Return a config with everything in it built that has a `class_path`."""
        value = settled(value)
        if isinstance(value, Items):
            return Items([self.built(item) for item in value.items], value.kind, value.rest and UNKNOWN)
        if not isinstance(value, Table):
            return value
        name = class_name(value)
        if name is None:
            items = {key: self.built(item) for key, item in value.items.items()}
            return Table(
                items,
                value.open,
                attributes=value.attributes,
                maybe_missing=value.maybe_missing,
                converts=value.converts,
            )
        if name.place is not None:
            self.run.anchors.append(name.place)
        try:
            return self.made(self.target(str(name.value)), arguments_of(value))
        finally:
            if name.place is not None:
                self.run.anchors.pop()

    def made(self, target: Value, section: Table) -> Value:
        """Return the object of a class, or what a function returns, with the arguments in a section."""
        items = {str(key): self.built(item) for key, item in section.items.items()}
        listed = sequence(items["args"]) if isinstance(target, Library) and "args" in items else None
        if listed is not None:
            del items["args"]
        positional = tuple(map(self._given, listed.items)) if listed is not None else ()
        complete = not section.open and not section.maybe_missing and (listed is None or listed.rest is None)
        keywords = {key: self._given(item) for key, item in items.items()}
        return self.run.call(target, Arguments(positional, keywords, complete), self.site)

    def target(self, name: str) -> Value:
        """Return the class that a config names: by its path, or by its name alone if the program knows the class."""
        if "." in name:
            return named(self.run, name, self.site)
        scopes = [scope for scope in self.run.modules.values() if scope is not None]
        found = [scope.names[name] for scope in scopes if isinstance(scope.names.get(name), UserClass)]
        known = (form.format(name) for form in SHORT)
        library = (Library(path) for path in known if self.run.knows(path))
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
