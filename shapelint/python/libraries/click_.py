"""Commands whose options become parameters: `click`, and functions that a command line calls (`typer`, `fire`).

A script is interpreted as if it was run without options. An option without a default, or a required one, is unknown,
and so is `default=None`, which scripts fill in later.
"""

from __future__ import annotations

import ast

from shapelint.common.frozen import replace
from shapelint.common.patterns import pattern
from shapelint.common.words import words
from shapelint.python.state import command_words
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.plugins import LibraryPlugin
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import truth
from shapelint.python.state.values import (
    NO_SPAN,
    NONE,
    OF_COMMANDS,
    UNKNOWN,
    Const,
    DataFile,
    Function,
    Given,
    Library,
    Partial,
    Value,
)

OPTION_DECORATOR = "click.option.decorated"
"""The decorator that `click.option(...)` returns."""
COMMAND_DECORATOR = "click.command.decorated"
PATH = pattern(r"\bPath\b")
TEXT_OPTION_TYPES = ("click.", "builtins.str", "pathlib.")
"""Types that leave a text as it is, or are converted by the function that is called."""


def _option(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `click.option("--width", default=512)`: a decorator."""
    return Partial(Library(OPTION_DECORATOR), arguments.positional, tuple(arguments.keywords.items()))


def _with_option(run: Run, arguments: Arguments, site: Site) -> Value:
    """Apply the decorator: the option's default is that of the parameter with its name."""
    *flags, function = arguments.values
    if not isinstance(function, Function):
        return function
    names = [flag.value for flag in flags if isinstance(flag, Const) and isinstance(flag.value, str)]
    name = _parameter(names)
    return _with_default(function, name, _as_annotated(function, name, _default(run, arguments, site, name)))


def _parameter(flags: list[str]) -> str:
    """Return the parameter of an option: a name without dashes, else the first of its longest names."""
    plain = next((flag for flag in flags if flag.isidentifier()), None)
    if plain is not None:
        return plain
    names = [flag.partition("/")[0].strip() for flag in flags]
    chosen = next((name for name in names if name.startswith("--")), names[0] if names else "")
    return chosen.lstrip("-").replace("-", "_").lower()


def _default(run: Run, arguments: Arguments, site: Site, name: str) -> Value:
    keywords = {name: given.value for name, given in arguments.keywords.items()}
    value = keywords.get("default", Const(False) if truth(keywords.get("is_flag", NONE)) else NONE)
    asks = any(truth(keywords[name]) is not False for name in ("required", "prompt", "callback") if name in keywords)
    if not arguments.complete:
        return UNKNOWN
    given = command_words.given(run, name, UNKNOWN if value == NONE or asks else value)
    if given == UNKNOWN or given is not value:
        return given
    kind = keywords.get("type")
    if isinstance(kind, Library) and not kind.name.startswith(TEXT_OPTION_TYPES):
        return run.call(kind, Arguments((Given(value, NO_SPAN),)), site)
    return value


def _with_default(function: Function, name: str, value: Value) -> Function:
    """Return a function with a default for one parameter; those without one are unknown if they are not given."""
    parameters = function.node.args
    names = [one.arg for one in (*parameters.posonlyargs, *parameters.args)]
    if name in names:
        known = dict(zip(reversed(names), reversed(function.defaults)))
        return replace(function, defaults=tuple(known.get(one, UNKNOWN) if one != name else value for one in names))
    named = [one.arg for one in parameters.kwonlyargs]
    keyword = tuple(value if one == name else old for one, old in zip(named, function.keyword_defaults))
    return replace(function, keyword_defaults=keyword)


def _command(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `click.command(...)`: a decorator, unless it is one itself."""
    given = arguments.values[0] if arguments.positional else NONE
    if isinstance(given, Function):
        return replace(given, wrapper=OF_COMMANDS)
    return Partial(Library(COMMAND_DECORATOR), (), ())


def _run(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `typer.run(main)` and `fire.Fire(main)`: the function is called without options."""
    function = arguments.values[0] if arguments.positional else UNKNOWN
    if not isinstance(function, Function):
        return UNKNOWN
    names = [one.arg for one in (*function.node.args.posonlyargs, *function.node.args.args)]
    required = names[: len(names) - len(function.defaults)]
    words = {name: _as_annotated(function, name, command_words.word(run, name)) for name in required}
    return run.call(function, Arguments(keywords={name: Given(one, NO_SPAN) for name, one in words.items()}), site)


def _as_annotated(function: Function, name: str, value: Value) -> Value:
    """Return a text as the path that a parameter with its annotation gets."""
    parameters = function.node.args
    every = (*parameters.posonlyargs, *parameters.args, *parameters.kwonlyargs)
    written = next((ast.unparse(one.annotation) for one in every if one.arg == name and one.annotation), "")
    if isinstance(value, Const) and isinstance(value.value, str) and PATH.search(written):
        return DataFile(value.value)
    return value


def _typed_default(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `typer.Option(512, "--width")`: a parameter's default."""
    value = arguments.get(0, "default") or UNKNOWN
    return UNKNOWN if value == NONE else value


CLICK = LibraryPlugin(
    "click",
    packages=words("click typer fire rich_click"),
    decorators=frozenset({OPTION_DECORATOR, COMMAND_DECORATOR, "click.command"}),
    functions={
        **dict.fromkeys(("click.option", "click.argument", "rich_click.option", "rich_click.argument"), _option),
        **dict.fromkeys(("click.command", "click.group", "rich_click.command", COMMAND_DECORATOR), _command),
        OPTION_DECORATOR: _with_option,
        **dict.fromkeys(("typer.run", "fire.Fire"), _run),
        **dict.fromkeys(("typer.Option", "typer.Argument"), _typed_default),
    },
)
