"""Configs that a program loads: YAML, JSON and TOML, and those of OmegaConf."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import partial

from shapelint.common import syntax_trees
from shapelint.common.frozen import replace
from shapelint.common.patterns import pattern
from shapelint.common.words import words
from shapelint.documents.data_files import form_of
from shapelint.python.libraries.paths_ import path_of
from shapelint.python.objects import config_dicts, dicts
from shapelint.python.state import loading
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.forgetting import forget
from shapelint.python.state.plugins import Handler, LibraryPlugin
from shapelint.python.state.references import settled
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import blamed, sequence, truth, unknown_among
from shapelint.python.state.values import (
    NO_SPAN,
    NONE,
    UNKNOWN,
    ConfigReference,
    Const,
    DataFile,
    Given,
    Instance,
    Items,
    Library,
    Partial,
    Table,
    Unknown,
    UserClass,
    Value,
)

READERS = {
    **dict.fromkeys(
        words("yaml.safe_load yaml.load yaml.full_load yaml.unsafe_load ruamel.yaml.safe_load ruamel.yaml.load"), "yaml"
    ),
    **dict.fromkeys(words("ruamel.yaml.round_trip_load oyaml.load oyaml.safe_load"), "yaml"),
    **dict.fromkeys(words("json.load json.loads simplejson.load simplejson.loads ujson.load ujson.loads"), "json"),
    **dict.fromkeys(words("tomllib.load tomllib.loads tomli.load tomli.loads toml.load toml.loads"), "toml"),
}
"""Functions that read an open file or a text, and the format."""
RUAMEL_PARSER = "ruamel.yaml.YAML.parser"
"""What `ruamel.yaml.YAML(...)` returns: all of them read files alike."""
READERS_OF_PATHS = words("omegaconf.OmegaConf.load toml.load mmcv.load mmengine.load mmengine.fileio.load")
"""Functions that take a path as well."""
DUMPED = "json.dumps.text"
"""The text that `json.dumps` returns."""
MISSING = "???"
"""What OmegaConf takes for a value that is still to be given."""
_DOTTED = pattern(r"(?P<key>[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)(?:=(?P<value>[^\n]*))?")
"""A text of a dotlist: `model.projector.dim=256`."""
_PLAIN_KEY = pattern(r"[\w-]+(?:\.[\w-]+)*")
"""A key of any depth without brackets, and not relative."""
JSON_CHANGES = words("parse_int parse_float parse_constant cls")
"""Arguments of `json.load` that may make other values of a text."""
NO_EFFECT = words("set_struct set_readonly resolve")
NAMES_IN_EVAL = words("int float round abs min max sum len bool str")
"""Functions that a text may call which a config gives to `eval`."""


def _reader(name: str, form: str) -> Handler:
    attributes = name not in READERS and not name.startswith(RUAMEL_PARSER)
    takes_paths = name in READERS_OF_PATHS

    def handler(run: Run, arguments: Arguments, site: Site) -> Value:
        value = arguments.positional[0].value if arguments.positional else UNKNOWN
        file = value
        if form == "json" and isinstance(value, Partial) and value.function == Library(DUMPED):
            return _hooked(run, _plain(value.positional[0].value), arguments, site)
        if isinstance(file, DataFile) and file.kind == "path" and name.startswith(RUAMEL_PARSER):
            file = DataFile(file.path, "file")
        if isinstance(file, Const) and isinstance(file.value, str) and not takes_paths:
            found = loading.parse(run, file.value, form)
            return _hooked(run, found, arguments, site) if form == "json" else found
        if isinstance(file, Const) and isinstance(file.value, str):
            file = DataFile(file.value, "file")
        if not isinstance(file, DataFile) or (file.kind == "path" and not takes_paths):
            run.failed_reads += 1
            return blamed(run.unknown("it is not known which file is read here", site.node, site.scope.file), value)
        found = loading.load(run, file, form or form_of(file.path), site, attributes)
        return _hooked(run, found, arguments, site) if form == "json" else found

    return handler


def _dumped(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `json.dumps(config)`: a text of which no more is known than what it is made of."""
    if not arguments.positional or "cls" in arguments.keywords or not _is_json(arguments.values[0]):
        return UNKNOWN
    return Partial(Library(DUMPED), arguments.positional)


def _is_json(value: Value) -> bool:
    """Return whether JSON keeps a value: it makes texts of keys that are none, and `default` something of a set."""
    value = settled(value)
    if isinstance(value, Items):
        return value.kind in ("list", "tuple") and all(map(_is_json, value.items))
    if isinstance(value, Table):
        return all(isinstance(key, str) and _is_json(item) for key, item in value.items.items())
    return not isinstance(value, Instance)


def _hooked(run: Run, value: Value, arguments: Arguments, site: Site) -> Value:
    """Return what `json.load` reads as its `object_hook` makes it of each dict, the inner ones first."""
    if not JSON_CHANGES.isdisjoint(arguments.keywords):
        return UNKNOWN
    if "object_pairs_hook" in arguments.keywords:
        given = arguments.keywords["object_pairs_hook"].value
        return value if given in (Library("collections.OrderedDict"), Library("builtins.dict")) else UNKNOWN
    if "object_hook" not in arguments.keywords or arguments.keywords["object_hook"].value == NONE:
        return value
    if isinstance(value, Items):
        return replace(value, items=[_hooked(run, item, arguments, site) for item in value.items])
    if not isinstance(value, Table):
        return value
    items = {key: _hooked(run, item, arguments, site) for key, item in value.items.items()}
    hook = arguments.keywords["object_hook"].value
    return run.call(hook, Arguments((Given(replace(value, items=items), NO_SPAN),)), site)


def _created(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `OmegaConf.create(...)`, and `OmegaConf.structured(...)` of an object."""
    value = arguments.values[0] if arguments.positional else Table({})
    if isinstance(value, Const) and isinstance(value.value, str):
        return _rooted(run, loading.parse(run, value.value, "yaml"))
    if isinstance(value, UserClass) and value.fields is not None:
        value = run.call(value, Arguments(), site)
    return _rooted(run, _of_fields(value)) if arguments.complete else unknown_among(value)


def _of_fields(value: Value) -> Value:
    """Return an object, of a dataclass at any depth, as a dict of its attributes."""
    if not isinstance(value, Instance) or value.opaque:
        return value
    items = {name: _of_fields(one) for name, one in value.attributes.items()}
    return Table(items, maybe_missing=value.maybe_missing)


def _objects(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `OmegaConf.to_object(config)`: parts of it may be objects again, whose fields are attributes."""
    return dicts.with_attributes(_plain(arguments.values[0])) if arguments.positional else UNKNOWN


def _merged(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `OmegaConf.merge(first, second, ...)`: dicts merge key by key, anything else is replaced."""
    result: Value = Table({})
    for value in arguments.values if arguments.complete else [UNKNOWN]:
        made = _created(run, Arguments((replace(arguments.positional[0], value=value),)), site)
        if not isinstance(made, Table):
            return blamed(UNKNOWN, made)
        result = merged(result, made)
    return _rooted(run, result)


def merged(base: Value, over: Value) -> Value:
    """Return one config over another: dicts merge key by key, anything else is replaced."""
    if isinstance(over, Const) and over.value == MISSING:
        over = Unknown()
    if isinstance(over, Unknown) and over.cause is None and not over.inside:
        return base if not isinstance(base, Table) else over
    if _is_text(over) and isinstance(base, Const) and isinstance(base.value, (int, float)):
        return UNKNOWN  # a config that was made of a class makes a number of the text
    if not isinstance(base, Table) or not isinstance(over, Table):
        return over
    items = dict(base.items)
    for key, value in over.items.items():
        items[key] = merged(items[key], value) if key in items else value
    uncertain = (base.maybe_missing - over.items.keys()) | (over.maybe_missing - base.items.keys())
    return Table(items, base.open or over.open, attributes=True, converts="any", maybe_missing=uncertain)


def _is_text(value: Value) -> bool:
    return isinstance(value, Const) and isinstance(value.value, str)


def _rooted(run: Run, value: Value) -> Value:
    """Return a config as OmegaConf makes it of a dict: a copy whose references are looked up in itself."""
    if isinstance(value, (Table, Items)):
        root = Table({}, attributes=True, converts="any", resolvers=run.resolvers)
        return _copied(value, root, (), root if isinstance(value, Table) else None)
    return value


def _copied(value: Value, root: Table, path: tuple[str, ...], into: Table | None = None) -> Value:
    if isinstance(value, Table):
        table = into or Table({}, attributes=True, converts="any")
        table.open, table.maybe_missing = value.open, value.maybe_missing
        table.items.update({key: _copied(item, root, (*path, str(key))) for key, item in value.items.items()})
        return table
    if isinstance(value, Items):
        items = [_copied(item, root, (*path, str(index))) for index, item in enumerate(value.items)]
        return Items(items, "list", value.rest)
    if isinstance(value, Const) and isinstance(value.value, str) and "${" in value.value:
        return ConfigReference(value.value, root, path, value.place)
    return replace(value, root=root, path=path) if isinstance(value, ConfigReference) else value


def _container(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `OmegaConf.to_container(config, resolve=True)`."""
    return _plain(arguments.values[0]) if arguments.positional else UNKNOWN


def _plain(value: Value) -> Value:
    value = settled(value)
    if isinstance(value, Table):
        items = {key: _plain(item) for key, item in value.items.items()}
        return Table(items, value.open, maybe_missing=value.maybe_missing)
    return Items([_plain(item) for item in value.items], "list", value.rest) if isinstance(value, Items) else value


def _from_command_line(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `OmegaConf.from_cli()`: a script is interpreted as if it was run without arguments."""
    return Table({}, attributes=True, converts="any") if _is_empty(arguments.values) else UNKNOWN


def _from_dotlist(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `OmegaConf.from_dotlist(["model.dim=256"])`: each text is a key of any depth with a YAML value."""
    listed = sequence(arguments.values[0]) if arguments.values else None
    if listed is None or listed.rest is not None:
        return UNKNOWN
    result: Value = Table({})
    for item in listed.items:
        match = _DOTTED.fullmatch(item.value) if isinstance(item, Const) and isinstance(item.value, str) else None
        if match is None:
            return UNKNOWN
        names = match["key"].split(".")
        text = "\n".join(f"{'  ' * depth}{name}:" for depth, name in enumerate(names))
        result = merged(result, loading.parse(run, f"{text} {match['value'] or ''}", "yaml"))
    return _rooted(run, result)


def _is_empty(values: Sequence[Value]) -> bool:
    items = sequence(values[0]) if values else Items([])
    return items is not None and not items.items and items.rest is None


def _selected(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `OmegaConf.select(config, "model.dim", default=128)`: the default stands for what is not there."""
    owner, key, default = _config_and_key(arguments)
    if not isinstance(owner, Table) or not isinstance(key, Const):
        return UNKNOWN
    missing = _is_absent(owner, str(key.value))
    if missing is None or not missing:
        return settled(ConfigReference(f"${{{key.value}}}", owner)) if missing is False else UNKNOWN
    return default


def _is_missing(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `OmegaConf.is_missing(config, "dim")`: whether the value is `???`; what is not there is not."""
    owner, key, _ = _config_and_key(arguments)
    if not isinstance(owner, Table) or not isinstance(key, Const) or owner.open or owner.maybe_missing:
        return UNKNOWN
    value = owner.items.get(key.value, NONE)
    return Const(value.value == MISSING) if isinstance(value, Const) else UNKNOWN


def _config_and_key(arguments: Arguments) -> tuple[Value | None, Value | None, Value]:
    """Return a config, a key of it, and what stands for a key that is not there."""
    owner, key = (arguments.get(index, name) for index, name in enumerate(("cfg", "key")))
    given = arguments.keywords.get("default")
    return owner, key, given.value if given is not None else NONE


def _is_absent(owner: Value, path: str) -> bool | None:
    """Return whether a dotted key leads nowhere, or to `???`, in a config; None if that is not known."""
    if _PLAIN_KEY.fullmatch(path) is None:
        return None
    for name in path.split("."):
        if not isinstance(owner, Table):
            return None if isinstance(owner, (Unknown, Items)) else True
        if owner.open or name in owner.maybe_missing:
            return None
        if name not in owner.items:
            return None if name.isdigit() else True
        owner = settled(owner.items[name])
    return isinstance(owner, Const) and owner.value == MISSING


def _registered(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `OmegaConf.register_new_resolver("times", lambda a, b: a * b)`."""
    name, function = arguments.get(0, "name"), arguments.get(1, "resolver")
    if isinstance(name, Const) and function is not None:
        run.resolvers[str(name.value)] = partial(_resolver, run, function, site)
    return NONE


def _resolver(run: Run, function: Value, site: Site, values: Sequence[Value]) -> Value:
    if function == Library("builtins.eval"):
        return _evaluated(run, values[0], site) if len(values) == 1 else UNKNOWN
    return run.call(function, Arguments(tuple(Given(value, NO_SPAN) for value in values)), site)


def _evaluated(run: Run, text: Value, site: Site) -> Value:
    """Return what `eval` makes of a text of a config: a number that is written nowhere."""
    try:
        tree = syntax_trees.expression(str(text.value).strip()) if isinstance(text, Const) else None
    except SyntaxError:
        return UNKNOWN
    names = {part.id for part in ast.walk(tree) if isinstance(part, ast.Name)} if tree is not None else set()
    if tree is None or not names <= NAMES_IN_EVAL:
        return UNKNOWN
    found = run.evaluate(tree, site.scope)
    return Const(found.value) if isinstance(found, Const) else UNKNOWN


def _nothing(run: Run, arguments: Arguments, site: Site) -> Value:
    return NONE


def _saved(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `OmegaConf.save(config, "a.yaml")`."""
    loading.note_writing(run, path_of(arguments.get(1, "f")))
    return NONE


def _updated(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `OmegaConf.update(config, "model.dim", 512)`."""
    owner, key, value = (arguments.get(index, name) for index, name in enumerate(("cfg", "key", "value")))
    path = str(key.value) if isinstance(key, Const) else ""
    *parents, last = path.split(".")
    for name in parents:
        owner = owner.items.get(name) if isinstance(owner, Table) else None
    merges = truth(arguments.keywords["merge"].value) if "merge" in arguments.keywords else True
    if not isinstance(owner, Table) or value is None or merges is None or _PLAIN_KEY.fullmatch(path) is None:
        for given in arguments.every:
            forget(run, given.value)
    elif merges:
        config_dicts.merge_into(run, owner, Table({last: value}))
    else:
        dicts.put(run, owner, Const(last), value)
    return NONE


def _text(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `OmegaConf.to_yaml(config)`: a text, which is not known and holds no part of the config itself."""
    return UNKNOWN


CONFIG_FILES = LibraryPlugin(
    "config files",
    packages=words("yaml ruamel ruamel.yaml oyaml simplejson ujson tomllib tomli toml omegaconf"),
    functions={
        **{name: _reader(name, form) for name, form in READERS.items()},
        **{name: _reader(name, READERS.get(name, "")) for name in READERS_OF_PATHS},
        **{f"omegaconf.OmegaConf.{name}": _nothing for name in NO_EFFECT},
        "omegaconf.OmegaConf.save": _saved,
        "ruamel.yaml.YAML": lambda run, arguments, site: Library(RUAMEL_PARSER),
        f"{RUAMEL_PARSER}.load": _reader(f"{RUAMEL_PARSER}.load", "yaml"),
        "json.dumps": _dumped,
        "omegaconf.OmegaConf.register_new_resolver": _registered,
        "omegaconf.OmegaConf.register_resolver": _registered,
        "omegaconf.OmegaConf.create": _created,
        "omegaconf.DictConfig": _created,
        "omegaconf.ListConfig": _created,
        "omegaconf.OmegaConf.structured": _created,
        "omegaconf.OmegaConf.merge": _merged,
        "omegaconf.OmegaConf.unsafe_merge": _merged,
        "omegaconf.OmegaConf.from_cli": _from_command_line,
        "omegaconf.OmegaConf.from_dotlist": _from_dotlist,
        "omegaconf.OmegaConf.to_container": _container,
        "omegaconf.OmegaConf.to_object": _objects,
        "omegaconf.OmegaConf.to_yaml": _text,
        "omegaconf.OmegaConf.select": _selected,
        "omegaconf.OmegaConf.is_missing": _is_missing,
        "omegaconf.OmegaConf.update": _updated,
    },
)
