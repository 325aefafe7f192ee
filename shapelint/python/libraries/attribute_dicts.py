"""Dicts whose keys are read as attributes, and the configs of OpenMMLab, ml_collections and yacs, which are such dicts.

What may be called on them is in `objects/config_dicts.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from shapelint.common import disk
from shapelint.common.frozen import replace
from shapelint.common.words import words
from shapelint.python.builtins import builtin_functions
from shapelint.python.libraries.paths_ import path_of
from shapelint.python.objects import dicts
from shapelint.python.state import command_words, loading
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.plugins import Handler, LibraryPlugin
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import blamed
from shapelint.python.state.values import NO_SPAN, NONE, UNKNOWN, Const, DataFile, Function, Given, Table, Value

FIXED = words("munch.munchify munch.Munch.fromDict munch.DefaultMunch.fromDict dotmap.DotMap attrdict.AttrDict")
"""Classes and functions that make dicts with attributes of dicts at any depth; what is put in later stays as it is."""
CONVERTING = words("easydict.EasyDict")
"""Those that make such dicts of what is put in later, too."""
COPYING = words("box.Box box.ConfigBox box.BoxList")
"""Those that keep a copy of whatever dict is put in later."""
MERGING = words("addict.Dict")
"""Those whose `update` merges key by key."""
CONFIG_CLASSES = words(
    """
    ml_collections.ConfigDict ml_collections.FrozenConfigDict ml_collections.config_dict.ConfigDict
    ml_collections.config_dict.FrozenConfigDict mmcv.Config mmcv.ConfigDict mmcv.utils.Config mmcv.utils.ConfigDict
    mmengine.Config mmengine.ConfigDict mmengine.config.Config mmengine.config.ConfigDict
    mmengine.config.config.Config yacs.config.CfgNode fvcore.common.config.CfgNode
    """
)
"""Those that do both; of their arguments, only the first one is data."""
CONFIG_NODES = ("yacs.config.CfgNode", "fvcore.common.config.CfgNode")
DATA_PARAMETERS = ("cfg_dict", "initial_dictionary", "init_dict")
CLASSES_OF_FILES = words(
    "mmcv.Config mmcv.utils.Config mmengine.Config mmengine.config.Config mmengine.config.config.Config"
)
"""Classes with a method `fromfile`."""
FLAG = "absl.flags.FLAGS."
"""The names of the options of a program that absl runs."""
FLAG_TYPES = words("string integer float boolean bool enum list multi_string multi_integer enum_class")
CONFIG_FLAGS = ("ml_collections.config_flags", "ml_collections.config_flags.config_flags")


def _made(converts: Literal["", "plain", "any"], merges: bool) -> Handler:
    def handler(run: Run, arguments: Arguments, site: Site) -> Value:
        table = builtin_functions.call(run, "dict", arguments, site)
        return dicts.with_attributes(table, converts, merges) if isinstance(table, Table) else table

    return handler


def _config(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `ConfigDict(values)`."""
    keywords = {name: given for name, given in arguments.keywords.items() if name in DATA_PARAMETERS}
    given = (*arguments.positional[:1], *keywords.values())
    if not given:
        is_open, cause = not arguments.complete, arguments.cause
        return Table({}, is_open, attributes=True, converts="plain", merges=True, cause=cause)
    return _made("plain", True)(run, Arguments(given[:1]), site) or UNKNOWN


def _munch(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `Munch(config)`: only the keys of the dict itself are attributes."""
    table = builtin_functions.call(run, "dict", arguments, site)
    return replace(table, attributes=True) if isinstance(table, Table) else table


def _from_file(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `Config.fromfile("configs/byol.py")`."""
    value = arguments.get(0, "filename") or UNKNOWN
    path = path_of(value)
    if path is None:
        return blamed(run.unknown("it is not known which file is read here", site.node, site.scope.file), value)
    return dicts.with_attributes(loading.load_based(run, path, site), "plain", merges=True)


def _loaded(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `CfgNode.load_cfg(file)`."""
    file = arguments.get(0, "cfg_file_obj_or_str")
    if isinstance(file, Const) and isinstance(file.value, str):
        return dicts.with_attributes(loading.parse(run, file.value, "yaml"), "plain", merges=True)
    if not isinstance(file, DataFile) or file.kind == "path":
        return UNKNOWN
    return dicts.with_attributes(loading.load(run, file, "yaml", site), "plain", merges=True)


def _box_of(form: str) -> Handler:
    """Return the handler of `Box.from_yaml(filename="byol.yaml")`."""

    def handler(run: Run, arguments: Arguments, site: Site) -> Value:
        path = path_of(arguments.get(99, "filename"))
        if path is None:
            return UNKNOWN
        return dicts.with_attributes(loading.load(run, DataFile(path, "file"), form, site), "any")

    return handler


def _flag(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `flags.DEFINE_integer("width", 512, "help")`: a program is interpreted as if it was run without any."""
    name, default = arguments.get(0, "name"), arguments.get(1, "default") or NONE
    if not isinstance(name, Const):
        return _defined(run, arguments, default)
    return _defined(run, arguments, command_words.given(run, str(name.value), UNKNOWN if default == NONE else default))


def _config_flag(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `config_flags.DEFINE_config_file("config", "configs/byol.py")`: what its `get_config()` returns."""
    path = path_of(arguments.get(1, "default"))
    found = loading.locate(run, path) if path is not None else None
    module = run.load_file(Path(disk.real(found))) if found is not None and found.endswith(".py") else None
    function = module.names.get("get_config") if module is not None else None
    if isinstance(function, Function):
        return _defined(run, arguments, run.call(function, Arguments(), site))
    is_absent = path is not None and found is None
    reason = f"{path}, which is read here, does not exist" if is_absent else "the config is named at run time"
    return _defined(run, arguments, run.unknown(reason, site.node, site.scope.file))


def _defined(run: Run, arguments: Arguments, value: Value) -> Value:
    name = arguments.get(0, "name")
    value = UNKNOWN if value == NONE else value
    if isinstance(name, Const):
        run.patched[f"{FLAG}{name.value}"] = value
    return Table({"value": value}, namespace=True)


def _run(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `app.run(main)`."""
    function = arguments.get(0, "main")
    if not isinstance(function, Function):
        return UNKNOWN
    parameters = function.node.args.args
    return run.call(function, Arguments((Given(UNKNOWN, NO_SPAN),) if parameters else ()), site)


def _nothing(run: Run, arguments: Arguments, site: Site) -> Value:
    return NONE


ATTRIBUTE_DICTS = LibraryPlugin(
    "dicts with attributes",
    packages=words("easydict munch box addict attrdict dotmap ml_collections mmcv mmengine yacs fvcore absl"),
    functions={
        **dict.fromkeys(FIXED, _made("", False)),
        **dict.fromkeys(CONVERTING, _made("plain", False)),
        **dict.fromkeys(COPYING, _made("any", False)),
        **dict.fromkeys(MERGING, _made("", True)),
        **dict.fromkeys(CONFIG_CLASSES, _config),
        **{f"{name}.fromfile": _from_file for name in CLASSES_OF_FILES},
        **{f"{name}.load_cfg": _loaded for name in CONFIG_NODES},
        **{f"box.Box.from_{form}": _box_of(form) for form in ("yaml", "json", "toml")},
        "munch.Munch": _munch,
        **{f"absl.flags.DEFINE_{kind}": _flag for kind in FLAG_TYPES},
        **{f"absl.flags.mark_flag{name}_as_required": _nothing for name in ("", "s")},
        **{f"{name}.DEFINE_config_file": _config_flag for name in CONFIG_FLAGS},
        "absl.app.run": _run,
    },
)
