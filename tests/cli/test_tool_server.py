"""The tools of `shapelint mcp`, called over stdio by the client of the official SDK; and the hook of an assistant."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import CLEAN, ONE_FAULT, clean_environment, write

mcp = pytest.importorskip("mcp.client.client")

CRASH = "RuntimeError: mat1 and mat2 shapes cannot be multiplied (64x256 and 512x1024)"
Call = Callable[..., Awaitable[Any]]


def session(folder: Path, talk: Callable[[Any], Awaitable[None]]) -> None:
    """Start a server in a folder, and talk to it."""
    from mcp.client.stdio import StdioServerParameters

    command = ["-m", "shapelint", "mcp", "--isolated"]
    server = StdioServerParameters(command=sys.executable, args=command, env=clean_environment(), cwd=folder)

    async def run() -> None:
        async with mcp.Client(server) as client:
            await talk(client)

    asyncio.run(asyncio.wait_for(run(), 60))


async def answer(client: Any, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    (content,) = result.content
    return str(content.text)


def test_every_tool(tmp_path: Path) -> None:
    write(tmp_path, {"model.yaml": ONE_FAULT})

    async def talk(client: Any) -> None:
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == ["check", "explain", "show", "signature", "rule"]
        assert all(tool.description for tool in tools)
        text = await answer(client, "check", paths=["model.yaml"])
        assert "help: use BYOLProjectionHead(256, 1024, 256)   [fix is safe; the chain fits with it]" in text
        data = json.loads(await answer(client, "check", paths=["model.yaml"], output_format="json"))
        assert [finding["code"] for finding in data["findings"]] == ["SL101"]
        assert "512" in await answer(client, "explain", error=CRASH, paths=["model.yaml"])
        assert "SL101" in await answer(client, "explain", error=CRASH)
        assert "(B, 256)" in await answer(client, "show", paths=["model.yaml"])
        assert (await answer(client, "show", paths=["model.yaml"], form="mermaid")).startswith("flowchart")
        assert "B 3 H W -> B 512" in await answer(client, "signature", component="resnet18")
        assert "feature-width-mismatch" in await answer(client, "rule")
        assert "## " in await answer(client, "rule", code="SL101")
        write(tmp_path, {"model.yaml": CLEAN})
        assert "All clear" in await answer(client, "check", paths=["model.yaml"])

    session(tmp_path, talk)


WRONG_CALLS = [
    ("rule", {"code": "SL999"}, "no rule 'SL999'"),
    ("signature", {"component": "resnet19"}, "did you mean"),
    ("explain", {"error": "no such thing"}, "no shape error that shapelint knows"),
    ("check", {"paths": ["model.yaml"], "overrides": ["a = = b"]}, "a = = b"),
]


def test_a_wrong_call_is_answered_with_the_reason(tmp_path: Path) -> None:
    async def talk(client: Any) -> None:
        for tool, arguments, reason in WRONG_CALLS:
            result = await client.call_tool(tool, arguments)
            assert result.is_error
            assert reason in result.content[0].text
        text = await answer(client, "check", paths=["missing.yaml"])
        assert "missing.yaml" in text

    session(tmp_path, talk)
