"""The help of the command line: options in groups, examples, versions; and its short form."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

import click

from shapelint.common.nearest_words import nearest_word
from shapelint.common.patterns import pattern
from shapelint.common.version import __version__
from shapelint.signatures.versions import installed

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_LIBRARIES = ("torch", "lightly", "torchvision", "timm")
"""The libraries whose signatures shapelint stores: `--version` prints which of them it finds."""


OVERRIDE = "--override"
"""The option that a word after `--` becomes if it is an override of a config."""
_IS_OVERRIDE = pattern(r"(\+{0,2}|~)[\w./@$-]+=.*|~[\w./@]+|-m|--multirun", re.DOTALL)


class GroupedOption(click.Option):
    """An option that `--help` lists under a heading."""

    def __init__(self, *arguments: Any, group: str = "Options", **attributes: Any):
        super().__init__(*arguments, **attributes)
        self.group = group


class GroupedCommand(click.Command):
    """A command whose help lists its options by group, in the order in which the groups first occur."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, with a heading for each group."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                groups.setdefault(getattr(parameter, "group", "Other"), []).append(record)
        for name, records in groups.items():
            with formatter.section(name):
                formatter.write_dl(records)


class ShortForm(click.Group):
    """A group whose command `check` may be omitted: the first word that is not an option may name another command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Insert the command, `check` if none is named; the whole command line is the object of the context."""
        word = self._first_word(args)
        if word is not None and args[word] in self.commands:
            args = [args[word], *args[:word], *args[word + 1 :]]
        elif word is not None or not args or not set(args) <= {"--help", "-h", "--version"}:
            if word is not None:
                self._refuse_misspelt(args[word])
            args = args if ctx.resilient_parsing and not args else ["check", *args]
        ctx.obj = _with_overrides(args)
        return super().parse_args(ctx, list(ctx.obj))

    def _refuse_misspelt(self, word: str) -> None:
        """Raise click.UsageError for a word that is no path but nearly a command."""
        if os.path.exists(word) or not word.isalpha():
            return
        if near := nearest_word(word, self.commands, likeness=0.7):
            raise click.UsageError(f"no command or file {word!r}: did you mean 'shapelint {near}'?")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete commands, and what may follow the omitted `check`: its options, and paths.

        Paths are left to the shell if no command matches; a shell uses either its own completions or ours.
        """
        from glob import escape, glob

        from click.shell_completion import CompletionItem

        found = super().shell_complete(ctx, incomplete)
        known = [item.value for item in found]
        found += [item for item in self.commands["check"].shell_complete(ctx, incomplete) if item.value not in known]
        if incomplete.startswith("-"):
            return found
        if not found:
            return [CompletionItem(incomplete, type="file")]
        return [*found, *(CompletionItem(path) for path in sorted(glob(escape(incomplete) + "*")))]

    def _first_word(self, args: list[str]) -> int | None:
        takes_value = {
            name
            for parameter in self.commands["check"].params
            if isinstance(parameter, click.Option) and not parameter.is_flag and not parameter.count
            for name in parameter.opts
        }
        skip = False
        for index, argument in enumerate(args):
            if skip:
                skip = False
            elif argument == "--":
                return None
            elif argument == "-" or not argument.startswith("-"):
                return index
            else:
                skip = argument in takes_value
        return None


def _with_overrides(args: list[str]) -> list[str]:
    """Return arguments with those after `--` that are overrides as options; the others are paths."""
    if "--" not in args:
        return args
    place = args.index("--")
    words = args[place + 1 :]
    own = [f"{OVERRIDE}={word}" for word in words if _IS_OVERRIDE.fullmatch(word)]
    return [*args[:place], *own, "--", *(word for word in words if not _IS_OVERRIDE.fullmatch(word))]


def print_versions(ctx: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    """Print `--version`: shapelint's own, and those of the libraries that it finds, without importing them."""
    if not wanted or ctx.resilient_parsing:
        return
    import platform  # half a millisecond of every other start

    click.echo(f"shapelint {__version__}")
    click.echo(f"python {platform.python_version()} ({sys.executable})")
    for library in _LIBRARIES:
        click.echo(f"{library} {installed(library) or 'not installed'}")
    ctx.exit()


def completion_script(command: click.Command, shell: str, program: str = "shapelint") -> str:
    """The script that makes a shell (bash, zsh, fish) complete a command line."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    variable = f"_{program.upper()}_COMPLETE"
    completion = kind(command, {}, program, variable)
    # click asks bash for its version before it prints anything; only the shell that will read the script matters.
    return str(completion.source_template % completion.source_vars()) + "\n"
