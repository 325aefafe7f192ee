"""The command line: parse options, call the command, choose the exit code."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

import click

from shapelint.cli.help import OVERRIDE, GroupedCommand, GroupedOption, ShortForm, completion_script, print_versions
from shapelint.cli.streams import EXIT_TROUBLE
from shapelint.common.escaping import escape
from shapelint.common.notices import say
from shapelint.report import FORMATS
from shapelint.settings.config import ConfigError
from shapelint.settings.settings import Settings, with_overrides
from shapelint.spec.findings import SEVERITIES

SHOWN_AS = ("text", "json", "mermaid", "svg", "html")
SHELLS = ("bash", "zsh", "fish")

EXAMPLES = """\b
Examples:
  shapelint                             lint what is below the current folder
  shapelint model.yaml                  lint one file
  shapelint --fix configs/              lint a folder, apply the safe fixes
  shapelint show model.yaml             print the chain as a table
  shapelint explain crash.log           find where an error of torch comes from
  shapelint rule SL101                  explain a rule
  shapelint config model.yaml           show which settings apply to a file
"""

CHECK_EXAMPLES = """\b
Examples:
  shapelint model.yaml configs/                     lint a file and a folder
  shapelint --diff --unsafe-fixes configs/          show every fix
  shapelint --output-format sarif . > out.sarif     report for code scanning
  shapelint --write-baseline known.json .           record the known faults
  shapelint --baseline known.json .                 and report only new ones
  shapelint configs/ -- net=resnet50 dim=512         lint with Hydra overrides
  cat model.yaml | shapelint - --stdin-filename model.yaml

\b
Exit codes:
  0  clean    1  errors or warnings    2  something could not be checked
"""

EXPLAIN_EXAMPLES = """\b
Examples:
  shapelint explain "mat1 and mat2 shapes cannot be multiplied (256x256 and 512x1024)" model.yaml
  python train.py 2>&1 | shapelint explain
  shapelint explain crash.log configs/byol.yaml

\b
Exit codes:
  0  explained    1  nothing in the files has these numbers    2  no known error
"""

COMPLETION_EXAMPLES = """\b
Put this in the start-up file of your shell:
  bash   eval "$(shapelint completion bash)"           ~/.bashrc
  zsh    eval "$(shapelint completion zsh)"            ~/.zshrc
  fish   shapelint completion fish | source            ~/.config/fish/config.fish
"""

Decorator = Callable[[Any], Any]


def _option(group: str, *names: str, **attributes: Any) -> Decorator:
    return click.option(*names, cls=GroupedOption, group=group, **attributes)


def _command(name: str) -> ModuleType:
    """Load what carries out one command; the others are not loaded."""
    return import_module(f"shapelint.cli.{name}")


def _command_of(extra: str, name: str) -> ModuleType:
    """Load what carries out a command that needs an extra; raises click.UsageError if that is not installed."""
    try:
        return _command(name)
    except ModuleNotFoundError as error:
        raise click.UsageError(f"this command needs {error.name}: pip install 'shapelint[{extra}]'") from None


def _settings_options(command: Any) -> Any:
    command = _option("Settings", "--isolated", is_flag=True, help="Use no settings file.")(command)
    file = click.Path(dir_okay=False)
    text = "Use this settings file instead of those found next to the linted files."
    return _option("Settings", "--config", "config_file", type=file, metavar="FILE", help=text)(command)


def _trust_option(command: Any) -> Any:
    help = "Import and trace the packages that the settings trust."
    variable = "SHAPELINT_ALLOW_TRUSTED"
    return _option("Settings", "--allow-trusted", is_flag=True, envvar=variable, show_envvar=True, help=help)(command)


def _overrides_option(command: Any) -> Any:
    """Add the option that words after `--` become."""
    help = "Override a value of a Hydra config, as words after -- do."
    return _option("Files", OVERRIDE, "overrides", multiple=True, metavar="KEY=VALUE", help=help)(command)


@click.group(cls=ShortForm, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXAMPLES)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=print_versions,
    help="Show the versions of shapelint and of the libraries that it finds, and exit.",
)  # fmt: skip
def cli() -> None:
    """Find the wrong width in a BYOL config before training does.

    `shapelint PATH...` is short for `shapelint check PATH...`.
    """


@cli.command(cls=GroupedCommand, epilog=CHECK_EXAMPLES)
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path())
@_option(
    "Rules", "--select", multiple=True, metavar="CODE", help="Report only these rules (codes, prefixes of codes, ALL)."
)
@_option("Rules", "--ignore", multiple=True, metavar="CODE", help="Do not report these rules.")
@_option(
    "Rules", "--min-severity", type=click.Choice(SEVERITIES), default="info", help="Report nothing that is less severe."
)
@_option("Rules", "--error-on-unknown", is_flag=True, help="Fail on links that could not be checked.")
@_option("Rules", "--exit-zero", is_flag=True, help="Exit with 0 even if there are findings.")
@_option("Fixes", "--fix", is_flag=True, help="Apply the safe fixes.")
@_option("Fixes", "--unsafe-fixes", is_flag=True, help="With --fix or --diff: include the unsafe fixes.")
@_option("Fixes", "--diff", is_flag=True, help="Print what --fix would change, and change nothing.")
@_option("Known faults", "--add-ignores", is_flag=True, help="Silence all findings with comments in the files.")
@_option(
    "Known faults",
    "--write-baseline",
    metavar="FILE",
    help="Write all findings to FILE, overwriting it, and report nothing.",
)
@_option(
    "Known faults",
    "--baseline",
    metavar="FILE",
    help="Report findings that are not in FILE, and remove from FILE those that are gone.",
)
@_option("Files", "--exclude", multiple=True, metavar="PATTERN", help="Exclude files and folders that match.")
@_option("Files", "--force-exclude", is_flag=True, help="Exclude matching files even if they are named.")
@_option("Files", "--skip-unrecognised", is_flag=True, help="Skip named files that hold no model.")
@_option(
    "Files", "--with-dependents", is_flag=True, help="Also lint the files of the repository that use a named file."
)
@_option("Files", "--stdin-filename", metavar="NAME", help="The file name of the text that `-` reads from stdin.")
@_option(
    "Report", "--output-format", type=click.Choice(list(FORMATS)), default="text", help="How to report (default: text)."
)
@_option("Report", "--output-file", type=click.Path(dir_okay=False), help="Write the report there instead of stdout.")
@_option("Report", "--statistics", is_flag=True, help="Count the findings of each rule instead of listing them.")
@_option("Report", "--show-files", is_flag=True, help="List the files that would be linted, and lint none.")
@_option("Report", "--watch", is_flag=True, help="Lint again whenever a file changes.")
@_option("Report", "-v", "--verbose", is_flag=True, help="Report on stderr which signatures were used and why.")
@_option("Report", "-q", "--quiet", is_flag=True, help="Print errors and warnings only, no closing lines.")
@_overrides_option
@_settings_options
@_trust_option
@_option("Other", "--cache-dir", metavar="FOLDER", help="Keep results there instead of in your cache folder.")
@_option("Other", "--no-cache", is_flag=True, help="Neither use results of earlier runs nor keep any.")
@_option("Other", "--trace", is_flag=True, help="Trace every component with torch, stored signature or not.")
@_option("Other", "--checkpoint", metavar="PATH", help="Compare the models with the names and shapes in a checkpoint.")
@click.pass_context
def check(ctx: click.Context, /, paths: tuple[str, ...], watch: bool, **options: Any) -> None:
    """Lint files and folders (the default command), or the current folder."""
    if watch:
        sys.exit(_command("watch").watch(paths or (".",), ctx.find_root().obj))
    command = _command("check")
    sys.exit(command.run(paths or (".",), command.CheckOptions(**options)))


@cli.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path())
@click.option(
    "--format", "form", type=click.Choice(SHOWN_AS), default="text", help="How to show the chains (default: text)."
)
@click.option("--layers", is_flag=True, help="List the parts of each component (text).")
@click.option("--trace", is_flag=True, help="Trace every component with torch, stored signature or not.")
@click.option("-v", "--verbose", is_flag=True, help="Report on stderr which links are not checked, and why.")
@_overrides_option
@_settings_options
@_trust_option
def show(
    paths: tuple[str, ...], form: str, layers: bool, verbose: bool, overrides: tuple[str, ...], **settings: Any
) -> None:
    """Print the chain of each model: a table, data, or a picture."""
    command = _command("show")
    shown = command.ShowOptions(layers, verbose, form)
    sys.exit(command.run(paths, shown, with_overrides(Settings(**settings), overrides)))


@cli.command(epilog=EXPLAIN_EXAMPLES)
@click.argument("words", nargs=-1, metavar="[ERROR] [PATH]...")
@_overrides_option
@_settings_options
@_trust_option
def explain(words: tuple[str, ...], overrides: tuple[str, ...], **settings: Any) -> None:
    """Explain an error of torch: paste its words or a whole traceback, and name the files it may come from.

    ERROR is the text, a file that holds it, or - for stdin, which is read if no ERROR is given. Without PATH the files
    of the traceback are linted.
    """
    sys.exit(_command("explain_crash").run(words, with_overrides(Settings(**settings), overrides)))


@cli.command()
@click.argument("code", required=False)
def rule(code: str | None) -> None:
    """Print the page of a rule, or the list of rules."""
    sys.exit(_command("explain").rule(code))


@cli.command()
@click.argument("target", required=False)
@click.option("--trace", is_flag=True, help="Trace it with torch, even if a signature is stored.")
@_trust_option
@click.option("--list", "is_list", is_flag=True, help="List the models that are known by a name like TARGET.")
@click.option("--width", type=click.IntRange(1), help="List those whose features have this width.")
def signature(target: str | None, is_list: bool, width: int | None, **how: bool) -> None:
    """Print the shape signature of a component: `torch.nn.Linear`, `resnet18`, `BYOLProjectionHead(512, 1024, 256)`.

    With --list or --width, TARGET is a part of a name, or a pattern such as `vit_*`.
    """
    if is_list or width is not None:
        sys.exit(_command("explain").models(target or "*", width))
    if target is None:
        raise click.UsageError("name a component, or list what is known with --list")
    sys.exit(_command("explain").signature(target, **how))


@cli.command()
@click.argument("path", type=click.Path(), metavar="FILE")
@_settings_options
def config(path: str, config_file: str | None, isolated: bool) -> None:
    """Print the settings that apply to a file, and where each is set."""
    sys.exit(_command("show_settings").run(path, Settings(config_file=config_file, isolated=isolated)))


@cli.command()
def schema() -> None:
    """Print the JSON Schema of the configs, for editors and check-jsonschema."""
    sys.exit(_command("explain").schema())


@cli.command()
@_settings_options
@_trust_option
def server(**settings: Any) -> None:
    """Serve an editor over stdin and stdout, as a language server (needs the extra `lsp`)."""
    sys.exit(_command_of("lsp", "serve").run(Settings(**settings)))


@cli.command()
@_settings_options
@_trust_option
def mcp(**settings: Any) -> None:
    """Serve a coding assistant over stdin and stdout, with the commands as tools (needs the extra `mcp`)."""
    sys.exit(_command_of("mcp", "tool_server").run(Settings(**settings)))


@cli.command()
@click.option("--cache-dir", metavar="FOLDER", help="Remove what is kept there instead.")
def clean(cache_dir: str | None) -> None:
    """Remove the results that are kept from earlier runs."""
    sys.exit(_command("clean").run(cache_dir))


@cli.command(epilog=COMPLETION_EXAMPLES)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the script that makes a shell complete shapelint's command line."""
    click.echo(completion_script(cli, shell), nl=False)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0, 1 for findings, 2 for trouble."""
    warnings.simplefilter("ignore", SyntaxWarning)  # of linted texts, which Python would print
    try:
        cli.main(arguments, prog_name="shapelint", standalone_mode=False)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        vars(error)["message"] = escape(error.message)  # of names of files, values and options
        error.show()
        sys.exit(EXIT_TROUBLE)
    except ConfigError as error:
        say(f"shapelint: {error}")
        sys.exit(EXIT_TROUBLE)
    except (click.Abort, KeyboardInterrupt):
        say("shapelint: interrupted")
        sys.exit(EXIT_TROUBLE)
    except Exception as error:
        say(f"shapelint: a fault in shapelint itself: {type(error).__name__}: {error}")
        sys.exit(EXIT_TROUBLE)
