"""`LightningCLI(Model, Data)`: the classes are built with the sections of the configs that the command may be given.

Without a class in a section, it holds the arguments of the class that the program passes:
https://lightning.ai/docs/pytorch/stable/cli/lightning_cli.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

from shapelint.common.frozen import frozen
from shapelint.python.libraries import cli_configs, lightning_
from shapelint.python.libraries.class_paths import ClassBuilder, class_name
from shapelint.python.objects import dicts
from shapelint.python.state import class_lookup
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.plugins import LibraryPlugin
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import sequence, truth
from shapelint.python.state.values import (
    NO_SPAN,
    NONE,
    UNKNOWN,
    CommandLine,
    Const,
    Function,
    Given,
    Instance,
    Table,
    UserClass,
    Value,
)

COMMANDS = tuple(
    f"{package}.LightningCLI"
    for package in ("lightning.pytorch.cli", "pytorch_lightning.cli", "pytorch_lightning.utilities.cli")
)
CLASS_SECTIONS = {"model": (0, "model_class"), "data": (1, "datamodule_class")}
"""The sections of a config, and the argument that is the class of each."""


@frozen
class Command:
    """A command: the class of each section, and the parser that its own class added something to."""

    run: Run
    site: Site
    classes: Mapping[str, Value]
    parser: CommandLine = field(default_factory=CommandLine)

    def objects(self, config: Table) -> dict[str, Value]:
        """Return what is built with a config, by section; the data come first, as links go from them to the model."""
        sections = {name: config.items.get(name, Table({})) for name in CLASS_SECTIONS}
        for path, value in self.parser.defaults.items():
            self._set(sections, path, value, wins=False)
        links = list(self._links())
        for source, target, function in (link[:3] for link in links if not link[3]):
            self._set(sections, target, self._linked(source, function, sections))
        data = self._object("data", sections["data"])
        for source, target, function in (link[:3] for link in links if link[3]):
            self._set(sections, target, self._linked(source, function, {"data": data}))
        return {"data": data, "model": self._object("model", sections["model"])}

    def _links(self) -> Iterator[tuple[tuple[str, ...], str, Value, bool]]:
        """Yield each link: the paths that it comes from, the one it goes to, its function, and whether of objects."""
        for link in self.parser.links:
            found = link.get(0, "source") or UNKNOWN
            listed = None if isinstance(found, Const) else sequence(found)
            source = tuple(_text(item) for item in (listed.items if listed is not None else [found]))
            when = _text(link.get(3, "apply_on") or Const("parse"))
            yield source, _text(link.get(1, "target") or UNKNOWN), link.get(2, "compute_fn") or NONE, when != "parse"

    def _object(self, name: str, section: Value) -> Value:
        cls, builder = self.classes.get(name, NONE), ClassBuilder(self.run, self.site)
        if isinstance(section, Table) and class_name(section) is not None:
            return builder.built(section)
        if cls == NONE:
            return NONE
        return builder.made(cls, section if isinstance(section, Table) else Table({}))

    def _linked(self, source: tuple[str, ...], function: Value, sections: Mapping[str, Value]) -> Value:
        values = [self._at(sections, path) for path in source]
        if function == NONE:
            return values[0] if values else UNKNOWN
        return self.run.call(function, Arguments(tuple(Given(value, NO_SPAN) for value in values)), self.site)

    def _at(self, sections: Mapping[str, Value], path: str) -> Value:
        """Return the value at a path; the default of an argument that no config gives."""
        name, *keys = path.split(".")
        value, cls = sections.get(name, UNKNOWN), self.classes.get(name, NONE)
        for key in keys:
            if isinstance(value, Table) and not value.open:
                value = value.items.get(key) or _default(cls, key)
            else:
                value = self.run.named_attribute(value, key, self.site)
        return value

    def _set(self, sections: Mapping[str, Value], path: str, value: Value, wins: bool = True) -> None:
        """Set the value at a path of the sections; unless it `wins`, only where a config says nothing."""
        name, *keys = path.split(".")
        owner = sections.get(name)
        for key in keys[:-1]:
            owner = owner.items.setdefault(key, Table({})) if isinstance(owner, Table) else None
        if isinstance(owner, Table) and keys and (wins or keys[-1] not in owner.items):
            owner.items[keys[-1]] = value


def _text(value: Value) -> str:
    return value.value if isinstance(value, Const) and isinstance(value.value, str) else ""


def _default(cls: Value, name: str) -> Value:
    found = class_lookup.find(cls, "__init__") if isinstance(cls, UserClass) else None
    if not isinstance(found, Function):
        return UNKNOWN
    parameters = found.node.args
    names = [one.arg for one in (*parameters.posonlyargs, *parameters.args)]
    defaults = dict(zip(reversed(names), reversed(found.defaults)))
    named = {one.arg: value for one, value in zip(parameters.kwonlyargs, found.keyword_defaults) if value is not None}
    return {**defaults, **named}.get(name, UNKNOWN)


def _command(run: Run, owner: Instance | None, arguments: Arguments, site: Site) -> dict[str, Value]:
    """Build what the command builds with each of its configs; return the attributes of it, with the first one."""
    classes = {name: arguments.get(index, keyword) or NONE for name, (index, keyword) in CLASS_SECTIONS.items()}
    command = Command(run, site, classes, _parser(run, owner))
    configs = cli_configs.of_command(run, arguments, site, classes["model"])
    found = [command.objects(config) for config in configs or [Table({})]]
    if truth(arguments.keywords["run"].value if "run" in arguments.keywords else Const(True)):
        for objects in found:
            lightning_.fitted(run, objects["model"], objects["data"])
    first = found[0]
    return {
        "model": first["model"],
        "datamodule": first["data"],
        "model_class": classes["model"],
        "datamodule_class": classes["data"],
        "config": configs[0] if configs else UNKNOWN,
        "trainer": UNKNOWN,
        "parser": UNKNOWN,
    }


def _parser(run: Run, owner: Instance | None) -> CommandLine:
    parser = CommandLine()
    method = class_lookup.find(owner.cls, "add_arguments_to_parser") if owner is not None and owner.cls else None
    if isinstance(method, Function):
        run.call_function(method, Arguments((Given(parser, NO_SPAN),)), owner)
    return parser


def _called(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `LightningCLI(...)`."""
    return dicts.namespace(_command(run, None, arguments, site))


def _initialised(run: Run, owner: Instance, arguments: Arguments, site: Site) -> None:
    """Interpret the constructor of the class for an object of a class that is derived from it."""
    attributes = _command(run, owner, arguments, site)
    run.touch(owner)
    owner.attributes.update(attributes)


LIGHTNING_CLI = LibraryPlugin(
    "lightning cli",
    packages=frozenset({"lightning.pytorch.cli", "pytorch_lightning.cli", "pytorch_lightning.utilities.cli"}),
    functions=dict.fromkeys(COMMANDS, _called),
    bases=dict.fromkeys(COMMANDS, _initialised),
)
