"""`argparse`: a script is interpreted as if it was run without options, so its options have their defaults.

An option without a default, or a required one, is unknown. So is `default=None`, which scripts fill in later. If two
options have the same destination, the default of the first one applies.
"""

from __future__ import annotations

from shapelint.python.libraries.standard_library_ import namespace
from shapelint.python.objects import dicts
from shapelint.python.state import command_words
from shapelint.python.state.arguments import Arguments, Keywords, Site
from shapelint.python.state.forgetting import forget
from shapelint.python.state.joins import join
from shapelint.python.state.kernel import Kind
from shapelint.python.state.plugins import LibraryPlugin
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import sequence, truth, unknown_among
from shapelint.python.state.values import (
    NO_SPAN,
    NONE,
    UNKNOWN,
    CommandLine,
    Const,
    Given,
    Items,
    Library,
    Table,
    Value,
)

FLAG_DEFAULTS = {"store_true": False, "store_false": True}
"""Value of an option that takes no value if it is not given: https://docs.python.org/3/library/argparse.html#action"""
UNSEEN = frozenset({"argument_default", "conflict_handler"})
"""Arguments of a parser that change its options, so that their own definitions no longer apply."""
CLASS_GROUPS = frozenset({"add_class_arguments", "add_subclass_arguments", "add_lightning_class_args"})
"""Methods of jsonargparse's parsers that add the arguments of a class:
https://jsonargparse.readthedocs.io/en/stable/#classes-methods-and-functions
"""
CLASS_ARGUMENTS = ("theclass", "lightning_class")
ABSENT = Library("argparse.SUPPRESS")
ANY_REST = Library("argparse.REMAINDER")
NO_PATH = frozenset({"choices", "action", "nargs"})
"""Arguments that an option with the path of a file has not."""
OVERRIDES = ".DictAction"
"""The action of OpenMMLab's options that only override values of a config: without them, it is as it is written."""


def parser(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `argparse.ArgumentParser(parents=[...])`."""
    parents = sequence(arguments.keywords["parents"].value) if "parents" in arguments.keywords else Items([])
    if parents is None or UNSEEN & arguments.keywords.keys():
        return UNKNOWN
    found = CommandLine()
    for parent in parents.items:
        if isinstance(parent, CommandLine):
            found.shared = {**dict.fromkeys(defaults(parent), parent), **found.shared}
    return found


def defaults(owner: CommandLine) -> dict[str, Value]:
    """Return the value of each option that is not given, including those of parent parsers."""
    return {**owner.defaults, **{name: defaults(parent).get(name, UNKNOWN) for name, parent in owner.shared.items()}}


def call_method(run: Run, owner: CommandLine, name: str, arguments: Arguments, site: Site) -> Value:
    """Call a method of a parser, or of a group of its options."""
    if name == "add_argument":
        _add(run, owner, arguments, site)
        return unknown_among(owner)
    if name in ("add_argument_group", "add_mutually_exclusive_group"):
        return owner
    if name == "set_defaults":
        if not arguments.complete:
            forget(run, owner, arguments.cause)
        for key, given in arguments.keywords.items():
            _set_default(run, owner, key, given.value)
        for table in arguments.values:
            for key, value in table.items.items() if isinstance(table, Table) else ():
                _set_default(run, owner, str(key), value)
        return NONE
    if name == "link_arguments":
        owner.links.append(arguments)
        return NONE
    if name in CLASS_GROUPS:
        _add_group(owner, arguments, NONE if name == "add_subclass_arguments" else arguments.get(0, *CLASS_ARGUMENTS))
        return NONE
    if name.startswith("parse_"):
        parsed = _parsed(run, owner, arguments, site)
        rest = None if _is_empty(arguments) else UNKNOWN
        return Items([parsed, Items([], rest=rest)], "tuple") if "known" in name else parsed
    return UNKNOWN


def _add_group(owner: CommandLine, arguments: Arguments, cls: Value | None) -> None:
    name = arguments.get(1, "nested_key")
    if isinstance(name, Const) and isinstance(name.value, str):
        owner.groups[name.value] = cls or UNKNOWN


def _set_default(run: Run, owner: CommandLine, name: str, value: Value) -> None:
    holder = owner
    while name in holder.shared:
        holder = holder.shared[name]
    run.touch(holder)
    holder.defaults[name] = value


def _parsed(run: Run, owner: CommandLine, arguments: Arguments, site: Site) -> Table:
    """Return the options as parsed from an empty command line, or from one that is written out; else all unknown."""
    values = {name: value for name, value in defaults(owner).items() if value != ABSENT}
    written = _written(run, owner, arguments, site)
    if written and "namespace" not in arguments.keywords and len(arguments.positional) <= 1:
        return dicts.namespace({**values, **written})
    passed = "sys.argv" in run.patched or not (_is_empty(arguments) or _has_no_option(arguments))
    if passed or "namespace" in arguments.keywords or len(arguments.positional) > 1:
        return dicts.namespace(dict.fromkeys(values, UNKNOWN))
    return dicts.namespace(values)


def _written(run: Run, owner: CommandLine, arguments: Arguments, site: Site) -> dict[str, Value] | None:
    """Return the values that a written command line of options gives, each with one value; None if it is another."""
    words = sequence(_words(arguments))
    texts = [one.value if isinstance(one, Const) else None for one in words.items] if words is not None else [None]
    if words is None or words.rest is not None or not all(isinstance(text, str) for text in texts):
        return None
    split = [part for text in texts for part in (str(text).split("=", 1) if str(text)[:2] == "--" else [str(text)])]
    found: dict[str, Value] = {}
    for flag, text in zip(split[::2], split[1::2]):
        if flag not in owner.options or text.startswith("-"):
            return None
        name, kind = owner.options[flag]
        given, default = Const(text), defaults(owner).get(name)
        is_number = isinstance(default, Const) and not isinstance(default.value, (str, type(None)))
        untyped = UNKNOWN if is_number else given
        found[name] = untyped if kind is None else run.call(kind, Arguments((Given(given, NO_SPAN),)), site)
    return found if len(split) % 2 == 0 else None


def _is_empty(arguments: Arguments) -> bool:
    words = _words(arguments)
    return words in (NONE, Library("sys.argv")) or truth(words) is False


def _words(arguments: Arguments) -> Value:
    found = arguments.get(0, "args")
    return found if found is not None else NONE


def _has_no_option(arguments: Arguments) -> bool:
    """Return whether a command line that is written out gives no option, so that they all have their defaults."""
    given = sequence(_words(arguments))
    if given is None or given.rest is not None:
        return False
    return all(isinstance(one, Const) and not str(one.value).startswith("-") for one in given.items)


def _add(run: Run, owner: CommandLine, arguments: Arguments, site: Site) -> None:
    flags = [given.value.value for given in arguments.positional if isinstance(given.value, Const)]
    names = [flag for flag in flags if isinstance(flag, str)]
    destination = arguments.keywords["dest"].value if "dest" in arguments.keywords else _destination(names)
    if isinstance(destination, Const) and isinstance(destination.value, str):
        optional = bool(names) and names[0].startswith("-")
        required = (
            truth(arguments.keywords["required"].value) is not False
            if "required" in arguments.keywords
            else not optional
        )
        rest = not optional and _takes_the_rest(arguments.keywords)
        name = destination.value
        default = UNKNOWN if required and not rest else _default(run, arguments.keywords, site)
        default = Items([]) if rest and default == UNKNOWN else default
        default = _as_given(run, name, default, arguments.keywords, site)
        if name in owner.shared:
            return
        run.touch(owner)
        if optional and "nargs" not in arguments.keywords and "action" not in arguments.keywords:
            kind = arguments.keywords["type"].value if "type" in arguments.keywords else None
            owner.options.update(dict.fromkeys(names, (name, kind)))
        if name not in owner.defaults:
            owner.defaults[name] = default
        elif (
            required or "default" in arguments.keywords
        ):  # a second option with this destination, or one after a `set_defaults` that it overrides
            owner.defaults[name] = join(owner.defaults[name], default)
    else:
        forget(run, owner)


def _as_given(run: Run, name: str, default: Value, keywords: Keywords, site: Site) -> Value:
    """Return the value of an option: the word that names the config of this run if it does, else its default."""
    given = command_words.given(run, name, default) if NO_PATH.isdisjoint(keywords) else default
    if given is default or "type" not in keywords:
        return given
    return run.call(keywords["type"].value, Arguments((Given(given, NO_SPAN),)), site)


def _takes_the_rest(keywords: Keywords) -> bool:
    """Return whether a positional option takes whatever is left, which may be nothing."""
    count = keywords["nargs"].value if "nargs" in keywords else NONE
    return count == ANY_REST or (isinstance(count, Const) and count.value in ("*", "..."))


def _destination(names: list[str]) -> Value:
    """Return the destination: `args.pred_dim` for `--pred-dim`; the first long name is used, else the first name."""
    chosen = next((name for name in names if name.startswith("--")), names[0] if names else "")
    return Const(chosen.lstrip("-").replace("-", "_") if chosen.startswith("-") else chosen)


def _default(run: Run, keywords: Keywords, site: Site) -> Value:
    action = keywords["action"].value if "action" in keywords else NONE
    if isinstance(action, Library) and action.name.endswith(OVERRIDES):
        return keywords["default"].value if "default" in keywords else NONE
    if not isinstance(action, Const) and action != Library("argparse.BooleanOptionalAction"):
        return UNKNOWN
    if isinstance(action, Const) and action.value in FLAG_DEFAULTS:
        return keywords["default"].value if "default" in keywords else Const(FLAG_DEFAULTS[action.value])
    value = keywords["default"].value if "default" in keywords else NONE
    if value == NONE:
        return UNKNOWN
    if "type" in keywords and isinstance(value, Const) and isinstance(value.value, str):
        return run.call(keywords["type"].value, Arguments((Given(value, NO_SPAN),)), site)
    return value


COMMAND_LINE = Kind(method=call_method)
ARGPARSE = LibraryPlugin(
    "argparse",
    packages=frozenset({"argparse"}),
    functions={"argparse.ArgumentParser": parser, "argparse.Namespace": namespace},
)
