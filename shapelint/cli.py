"""The command line: parses options, calls the pipeline, picks a reporter."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO, Any

import click

from shapelint import __version__

EXIT_FINDINGS = 1
EXIT_TROUBLE = 2

FORMATS = ("text", "concise", "json", "sarif", "github", "gitlab", "junit", "markdown")

EXAMPLES = """\b
Examples:
  shapelint model.yaml                  lint one file
  shapelint --fix configs/              lint a folder, apply the safe fixes
  shapelint show model.yaml             print the chain as a table
  shapelint rule SL101                  explain a rule
"""


class ShortForm(click.Group):
    """A group whose command `check` need not be written: the first word that is no option may name another."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command first, `check` where none is named."""
        word = self._first_word(args)
        if word is not None and args[word] in self.commands:
            args = [args[word], *args[:word], *args[word + 1 :]]
        elif word is not None or not set(args) <= {"--help", "-h", "--version"}:
            args = ["check", *args]
        return super().parse_args(ctx, args or ["--help"])

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


@click.group(cls=ShortForm, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXAMPLES)
@click.version_option(__version__, message="shapelint %(version)s")
def cli() -> None:
    """Find the wrong width in a BYOL config before training does.

    `shapelint PATH...` is short for `shapelint check PATH...`.
    """


@cli.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--select", multiple=True, metavar="CODE", help="Report these rules only (a code or its beginning).")
@click.option("--ignore", multiple=True, metavar="CODE", help="Do not report these rules.")
@click.option("--fix", is_flag=True, help="Apply the safe fixes.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: the unsafe fixes too.")
@click.option("--diff", is_flag=True, help="Print what --fix would change, and change nothing.")
@click.option("--trace", is_flag=True, help="Trace every component with torch, also those whose signature is stored.")
@click.option("--output-format", type=click.Choice(FORMATS), default="text", show_default=True, help="How to report.")
@click.option("--output-file", type=click.Path(dir_okay=False), help="Write the report there instead of stdout.")
@click.option("--skip-unrecognised", is_flag=True, help="Pass over named files that hold no model.")
@click.option("--error-on-unknown", is_flag=True, help="Fail on components that cannot be resolved (SL901).")
@click.option("--stdin-filename", metavar="NAME", help="What to call the text that `-` reads from stdin.")
@click.option("-v", "--verbose", is_flag=True, help="Say on stderr which signatures were used and why.")
@click.option("-q", "--quiet", is_flag=True, help="Print findings only, no closing lines.")
def check(paths: tuple[str, ...], **options: Any) -> None:
    """Lint files and folders (the default command)."""
    from shapelint.commands import check as command

    sys.exit(command.run(paths, command.CheckOptions(**options)))


@cli.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--layers", is_flag=True, help="Open each component into its parts.")
@click.option("--trace", is_flag=True, help="Trace every component with torch.")
def show(paths: tuple[str, ...], layers: bool, trace: bool) -> None:
    """Print the chain of each model as a table."""
    from shapelint.commands import show as command

    sys.exit(command.run(paths, layers, trace))


@cli.command()
@click.argument("code", required=False)
def rule(code: str | None) -> None:
    """Print the page of a rule, or the list of rules."""
    from shapelint.commands import explain

    sys.exit(explain.rule(code))


@cli.command()
@click.argument("target")
@click.option("--trace", is_flag=True, help="Trace it with torch, also where a signature is stored.")
def signature(target: str, trace: bool) -> None:
    """Print the shape signature of a component: `torch.nn.Linear`, `resnet18`, `BYOLProjectionHead(512, 1024, 256)`."""
    from shapelint.commands import explain

    sys.exit(explain.signature(target, trace))


def write_out(text: str, stream: IO[str] | None = None) -> None:
    """Write a report; characters that the stream's encoding lacks are escaped."""
    stream = stream or sys.stdout
    encoding = stream.encoding or "utf-8"
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, nl=False)


def colours() -> bool:
    """Whether to colour: on a terminal, unless NO_COLOR is set; always with FORCE_COLOR."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


def here(path: str) -> Path:
    """A path as the user wrote it, without a leading `./`."""
    return Path(path)


def main() -> None:
    """The console script. Every way out has a code of its own: 0, 1 for findings, 2 for trouble."""
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(EXIT_TROUBLE)
    except (click.Abort, KeyboardInterrupt):
        click.echo("shapelint: interrupted", err=True)
        sys.exit(EXIT_TROUBLE)
    except BrokenPipeError:
        # The reader has gone, as with `| head`; Python would complain again while it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_TROUBLE)
    except Exception as error:
        click.echo(f"shapelint: a fault in shapelint itself: {type(error).__name__}: {error}", err=True)
        sys.exit(EXIT_TROUBLE)
