"""`shapelint mcp`: the commands as tools of a coding assistant, over stdin and stdout (Model Context Protocol)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import click
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from shapelint import report as reports
from shapelint.cli.explain import rule_text, signature_text
from shapelint.cli.explain_crash import crash_text, explained
from shapelint.cli.show import ShowOptions, chains_text
from shapelint.common.version import __version__
from shapelint.linting.lint_paths import lint_files
from shapelint.settings import config_files
from shapelint.settings.config import ConfigError
from shapelint.settings.settings import Settings, with_overrides

INSTRUCTIONS = """\
shapelint checks the tensor shapes of self-supervised PyTorch models without running them: YAML configs, Hydra configs,
Python scripts and notebooks. Call `check` after a change of a model or its config, and `explain` with the text of a
shape error of torch. A fix that a report calls safe is proved: the whole chain fits with it.
"""


def run(settings: Settings) -> int:
    """Serve an assistant on stdin and stdout until it ends."""
    create(settings).run()
    return 0


def create(settings: Settings) -> MCPServer:
    """A server whose tools see the files as they are on the disk; one call runs after another."""
    server = MCPServer("shapelint", version=__version__, instructions=INSTRUCTIONS)

    async def check(
        paths: list[str], overrides: Sequence[str] = (), output_format: Literal["text", "json"] = "text"
    ) -> str:
        """Lint files and folders: every fault with its place, and an edit that is proved to fix it.

        The overrides are those of a Hydra config, as `backbone=resnet50`. Links that could not be checked are listed.
        """
        return _answer(lambda: reports.render(lint_files(paths, with_overrides(settings, overrides)), output_format))

    async def explain(error: str, paths: Sequence[str] = ()) -> str:
        """Explain a shape error of torch, given as its words or a whole traceback, and find the line that causes it.

        Without paths the files of the traceback are linted.
        """
        return _answer(lambda: crash_text(explained(error, paths, settings), reports.RenderOptions()))

    async def show(paths: list[str], form: Literal["text", "json", "mermaid"] = "text", layers: bool = False) -> str:
        """Show the chain of each model: its components with the shapes that go in and come out."""
        return _answer(lambda: chains_text(lint_files(paths, settings), ShowOptions(layers=layers, form=form)))

    async def signature(component: str) -> str:
        """Show what a component does to shapes: `torch.nn.Linear`, `resnet18`, `BYOLProjectionHead(512, 1024, 256)`."""
        return _answer(lambda: signature_text(component, False, settings.allow_trusted))

    async def rule(code: str | None = None) -> str:
        """Show the page of a rule (`SL101`): what it finds, why, what to write instead; without a code, list all."""
        return _answer(lambda: rule_text(code))

    for tool in (check, explain, show, signature, rule):
        server.add_tool(tool, structured_output=False)
    return server


def _answer(text: Callable[[], str]) -> str:
    """A text, made with the settings as they are now on the disk; raises ToolError with a plain reason."""
    config_files.forget()
    try:
        return text()
    except (click.ClickException, ConfigError) as error:
        raise ToolError(error.message if isinstance(error, click.ClickException) else str(error)) from None
