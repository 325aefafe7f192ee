"""How the command line explains itself: options in groups, examples, versions; and its short form."""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING, Any

import click

from shapelint.common.version import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class GroupedOption(click.Option):
    """An option that `--help` lists under a heading."""

    def __init__(self, *arguments: Any, group: str = "Options", **attributes: Any):
        super().__init__(*arguments, **attributes)
        self.group = group


class GroupedCommand(click.Command):
    """A command whose options are listed in their groups, in the order in which the groups first occur."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, a heading a group."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                groups.setdefault(getattr(parameter, "group", "Other"), []).append(record)
        for name, records in groups.items():
            with formatter.section(name):
                formatter.write_dl(records)


class ShortForm(click.Group):
    """A group whose command `check` need not be written: the first word that is no option may name another."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command first, `check` where none is named."""
        word = self._first_word(args)
        if word is not None and args[word] in self.commands:
            args = [args[word], *args[:word], *args[word + 1 :]]
        elif word is not None or not set(args) <= {"--help", "-h", "--version"}:
            args = ["check", *args]
        return super().parse_args(ctx, args or ([] if ctx.resilient_parsing else ["--help"]))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands, and what may stand after the unwritten `check`: its options, and paths.

        Paths are left to the shell where no command comes into question; a shell takes either its own or ours.
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


def print_versions(ctx: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    """`--version`: shapelint's own, and those of the libraries that it sees, without importing them."""
    if not wanted or ctx.resilient_parsing:
        return
    from shapelint.signatures.stored import libraries
    from shapelint.signatures.versions import installed

    click.echo(f"shapelint {__version__}")
    click.echo(f"python {platform.python_version()} ({sys.executable})")
    for known in libraries():
        click.echo(f"{known.library} {installed(known.library) or 'not installed'}")
    ctx.exit()


def completion_script(command: click.Command, shell: str, program: str = "shapelint") -> str:
    """The script that teaches a shell (bash, zsh, fish) to complete a command line."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    variable = f"_{program.upper()}_COMPLETE"
    completion = kind(command, {}, program, variable)
    # click asks bash for its version before it prints anything; what matters is the shell that will read the script.
    return str(completion.source_template % completion.source_vars()) + "\n"
