"""`LightningCLI(Model, Data)`: the classes are built with the sections of the configs that the command may be given.

Without a class in a section, it holds the arguments of the class that the program passes:
https://lightning.ai/docs/pytorch/stable/cli/lightning_cli.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from shapelint.common.frozen import frozen
from shapelint.python.libraries import cli_configs, lightning_
from shapelint.python.libraries.class_paths import CONFIG_SUFFIXES, NAMED_PARTS, ClassBuilder, class_name
from shapelint.python.libraries.parameter_types import parameters
from shapelint.python.objects import dicts
from shapelint.python.state import class_lookup, loading
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.plugins import LibraryPlugin
from shapelint.python.state.references import settled
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
    Value,
)

COMMANDS = tuple(
    f"{package}.LightningCLI"
    for package in ("lightning.pytorch.cli", "pytorch_lightning.cli", "pytorch_lightning.utilities.cli")
)
CLASS_SECTIONS = {"data": (1, "datamodule_class"), "model": (0, "model_class")}
"""The sections of a config, and the argument that is the class of each."""
INIT_ARGUMENTS = "init_args"


@frozen
class ArgumentLink:
    """A link between arguments: the paths that it comes from, the one that it goes to, and its function."""

    sources: tuple[str, ...]
    target: str
    function: Value
    of_objects: bool


@frozen
class Command:
    """A command: the class of each section, and the parser that its own class added something to."""

    run: Run
    site: Site
    classes: Mapping[str, Value]
    parser: CommandLine = field(default_factory=CommandLine)

    def configured(self, config: Table) -> Table:
        """Return a config as the command parses it: with defaults, and with links between what it holds."""
        sections = {name: Table({}) for name in self.classes}
        root = Table({**sections, **config.items}, config.open, attributes=True, maybe_missing=config.maybe_missing)
        for path, value in self.parser.defaults.items():
            self._set(root, path, value, wins=False)
        for link in self.links:
            if not link.of_objects:
                self._set(root, link.target, self._linked(link, root))
        _read_by_attribute(root)
        return root

    def objects(self, root: Table) -> dict[str, Value]:
        """Return what is built with a parsed config, by section, in the order in which links need them."""
        built: dict[str, Value] = {}
        links = [link for link in self.links if link.of_objects]
        waiting = list(self.classes)
        while waiting:
            name = next((one for one in waiting if not self._needs(one, links, waiting)), waiting[0])
            waiting.remove(name)
            for link in links:
                if _head(link.target) == name:
                    self._set(root, link.target, self._linked(link, Table(dict(built))))
            built[name] = self._object(name, root.items[name])
        return built

    @staticmethod
    def _needs(name: str, links: Sequence[ArgumentLink], waiting: Sequence[str]) -> bool:
        return any(_head(link.target) == name and set(map(_head, link.sources)) & set(waiting) for link in links)

    @property
    def links(self) -> list[ArgumentLink]:
        """The links that the class of the command adds."""
        return [_link(arguments) for arguments in self.parser.links]

    def _object(self, name: str, section: Value) -> Value:
        cls, builder = self.classes.get(name, NONE), ClassBuilder(self.run, self.site)
        if isinstance(section, Const) and isinstance(section.value, str):
            if not section.value.endswith(CONFIG_SUFFIXES):
                return builder.made(builder.target(section.value), Table({}))
            section = builder.loaded(section)
        if isinstance(section, Table) and class_name(section) is not None:
            return builder.built(section)
        if cls == NONE or not isinstance(section, Table):
            return NONE if cls == NONE else UNKNOWN
        return builder.made(cls, section)

    def _linked(self, link: ArgumentLink, root: Table) -> Value:
        values = [self._at(root, path) for path in link.sources]
        if link.function == NONE:
            return values[0] if values else UNKNOWN
        return self.run.call(link.function, Arguments(tuple(Given(value, NO_SPAN) for value in values)), self.site)

    def _at(self, root: Table, path: str) -> Value:
        """Return the value at a path; the default of an argument that no config gives."""
        name, *keys = path.split(".")
        value, cls = root.items.get(name, UNKNOWN), self.classes.get(name, NONE)
        for key in keys:
            if not isinstance(value, Table) or value.open:
                value = self.run.named_attribute(value, key, self.site)
                continue
            named = class_name(value)
            cls = ClassBuilder(self.run, self.site).target(str(named.value)) if named is not None else cls
            missing = Table({}) if key == INIT_ARGUMENTS else (parameters(cls) or {}).get(key)
            value = value.items.get(key) or missing or UNKNOWN
            cls = cls if key == INIT_ARGUMENTS else NONE
        return settled(value)

    def _set(self, root: Table, path: str, value: Value, wins: bool = True) -> None:
        """Set the value at a path of a config; unless it `wins`, only where the config says nothing."""
        *keys, last = path.split(".")
        owner: Value | None = root
        for key in keys:
            owner = owner.items.setdefault(key, Table({})) if isinstance(owner, Table) else None
        if isinstance(owner, Table) and class_name(owner) is not None and last not in NAMED_PARTS | {"class_path"}:
            owner = owner.items.setdefault(INIT_ARGUMENTS, Table({}))
        if isinstance(owner, Table) and (wins or last not in owner.items):
            owner.items[last] = value


def _read_by_attribute(config: Table) -> None:
    """Let every mapping of a config be read by attribute: a parsed config is a namespace."""
    config.attributes = True
    for value in config.items.values():
        if isinstance(value, Table):
            _read_by_attribute(value)


def _link(arguments: Arguments) -> ArgumentLink:
    found = arguments.get(0, "source") or UNKNOWN
    listed = None if isinstance(found, Const) else sequence(found)
    sources = tuple(_text(item) for item in (listed.items if listed is not None else [found]))
    when = _text(arguments.get(3, "apply_on") or Const("parse"))
    target = _text(arguments.get(1, "target") or UNKNOWN)
    return ArgumentLink(sources, target, arguments.get(2, "compute_fn") or NONE, when != "parse")


def _head(path: str) -> str:
    return path.partition(".")[0]


def _text(value: Value) -> str:
    return value.value if isinstance(value, Const) and isinstance(value.value, str) else ""


def _command(run: Run, owner: Instance | None, arguments: Arguments, site: Site) -> dict[str, Value]:
    """Build what the command builds with each of its configs; return the attributes of it, with the first one."""
    classes = {name: arguments.get(index, keyword) or NONE for name, (index, keyword) in CLASS_SECTIONS.items()}
    parser = _parser(run, owner)
    command = Command(run, site, {**parser.groups, **classes}, parser)
    configs = cli_configs.of_command(run, arguments, site, command)
    any_model = (
        truth(arguments.keywords["subclass_mode_model"].value) if "subclass_mode_model" in arguments.keywords else False
    )
    if not configs and (classes["model"] == NONE or any_model):
        loading.unread(run, "the class of the model is what a config or an option says", site)
    is_run = truth(arguments.keywords["run"].value if "run" in arguments.keywords else Const(True))
    found = [_built(command, owner, config, is_run) for config in configs or [Table({})]]
    return {
        **found[0],
        "model_class": classes["model"],
        "datamodule_class": classes["data"],
        "trainer": UNKNOWN,
        "parser": UNKNOWN,
    }


def _built(command: Command, owner: Instance | None, config: Table, is_run: bool | None) -> dict[str, Value]:
    """Build what the command builds with a config, and train it if it `is_run`; return the attributes."""
    root = command.configured(config)
    seen = root if not is_run else Table({**root.items, "fit": root}, root.open, attributes=True)
    _hook(command.run, owner, "before_instantiate_classes", {"config": seen})
    built = command.objects(root)
    found = {
        "config": seen,
        "config_init": dicts.namespace(built),
        "model": built["model"],
        "datamodule": built["data"],
    }
    if is_run:
        _hook(command.run, owner, "before_fit", found)
        lightning_.fitted(command.run, built["model"], built["data"])
    return found


def _hook(run: Run, owner: Instance | None, name: str, attributes: dict[str, Value]) -> None:
    """Call a hook that the class of the command defines, when the command has these attributes."""
    method = class_lookup.find(owner.cls, name) if owner is not None and owner.cls else None
    if owner is not None and isinstance(method, Function):
        run.touch(owner)
        owner.attributes.update(attributes)
        run.call_function(method, Arguments(), owner)


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


def _lazy(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `lazy_instance(cls, ...)`: an object that is made when it is first used."""
    cls = arguments.get(0, "class_type") or UNKNOWN
    keywords = {name: given for name, given in arguments.keywords.items() if name != "class_type"}
    return run.call(cls, Arguments((), keywords, arguments.complete), site)


LIGHTNING_CLI = LibraryPlugin(
    "lightning cli",
    packages=frozenset(
        {"lightning.pytorch.cli", "pytorch_lightning.cli", "pytorch_lightning.utilities.cli", "jsonargparse"}
    ),
    functions={**dict.fromkeys(COMMANDS, _called), "jsonargparse.lazy_instance": _lazy},
    bases=dict.fromkeys(COMMANDS, _initialised),
)
