"""`argparse`: what a script gets from a command line that says nothing is the defaults of its options.

An option without a default, or one that must be given, is unknown. So is `default=None`, which scripts fill in later.
Of two options that are read by one name, the first one's default counts.
"""

from __future__ import annotations

from shapelint.python.libraries.standard_library_ import namespace
from shapelint.python.objects import dicts
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
"""What an option that takes no value is when it is not given: https://docs.python.org/3/library/argparse.html#action"""
UNSEEN = frozenset({"argument_default", "conflict_handler"})
"""Arguments of a parser by which its options are no longer what they say themselves."""
ABSENT = Library("argparse.SUPPRESS")


def parser(run: Run, arguments: Arguments, site: Site) -> Value:
    """`argparse.ArgumentParser(parents=[...])`."""
    parents = sequence(arguments.keywords["parents"].value) if "parents" in arguments.keywords else Items([])
    if parents is None or UNSEEN & arguments.keywords.keys():
        return UNKNOWN
    found = CommandLine()
    for parent in parents.items:
        if isinstance(parent, CommandLine):
            found.shared = {**dict.fromkeys(defaults(parent), parent), **found.shared}
    return found


def defaults(owner: CommandLine) -> dict[str, Value]:
    """What each option is where it is not given, those of parents included."""
    return {**owner.defaults, **{name: defaults(parent).get(name, UNKNOWN) for name, parent in owner.shared.items()}}


def call_method(run: Run, owner: CommandLine, name: str, arguments: Arguments, site: Site) -> Value:
    """A method of a parser, or of a group of its options."""
    if name == "add_argument":
        _add(run, owner, arguments, site)
        return unknown_among(owner)
    if name in ("add_argument_group", "add_mutually_exclusive_group"):
        return owner
    if name == "set_defaults":
        for key, given in arguments.keywords.items():
            _set_default(run, owner, key, given.value)
        return NONE
    if name.startswith("parse_"):
        parsed = _parsed(run, owner, arguments)
        rest = None if _says_nothing(arguments) else UNKNOWN
        return Items([parsed, Items([], rest=rest)], "tuple") if "known" in name else parsed
    return UNKNOWN


def _set_default(run: Run, owner: CommandLine, name: str, value: Value) -> None:
    holder = owner
    while name in holder.shared:
        holder = holder.shared[name]
    run.touch(holder)
    holder.defaults[name] = value


def _parsed(run: Run, owner: CommandLine, arguments: Arguments) -> Table:
    """The options as a command line leaves them that says nothing; one that is written may say anything."""
    values = {name: value for name, value in defaults(owner).items() if value != ABSENT}
    said = "sys.argv" in run.patched or not _says_nothing(arguments)
    if said or "namespace" in arguments.keywords or len(arguments.positional) > 1:
        return dicts.namespace(dict.fromkeys(values, UNKNOWN))
    return dicts.namespace(values)


def _says_nothing(arguments: Arguments) -> bool:
    words = (
        arguments.positional[0].value
        if arguments.positional
        else arguments.keywords["args"].value
        if "args" in arguments.keywords
        else NONE
    )
    return words in (NONE, Library("sys.argv")) or truth(words) is False


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
        default = UNKNOWN if required else _default(run, arguments.keywords, site)
        name = destination.value
        if name in owner.shared:
            return
        run.touch(owner)
        if name not in owner.defaults:
            owner.defaults[name] = default
        elif (
            required or "default" in arguments.keywords
        ):  # beside another option, or after a `set_defaults` that it takes the place of
            owner.defaults[name] = join(owner.defaults[name], default)
    else:
        forget(run, owner)


def _destination(names: list[str]) -> Value:
    """`--pred-dim` is read as `args.pred_dim`; the first long name counts, else the first."""
    chosen = next((name for name in names if name.startswith("--")), names[0] if names else "")
    return Const(chosen.lstrip("-").replace("-", "_") if chosen.startswith("-") else chosen)


def _default(run: Run, keywords: Keywords, site: Site) -> Value:
    action = keywords["action"].value if "action" in keywords else NONE
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
