"""The MCP door, asked by the reference client over standard input and output."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from core.actions.registry import actions
from core.quiet import quiet_environment

ROOT = Path(__file__).parents[2]


async def _talk(home: Path) -> dict[str, Any]:
    command = StdioServerParameters(command=sys.executable, args=["-m", "ui.cli", "--home", str(home), "mcp"], cwd=ROOT, env=quiet_environment())
    async with stdio_client(command) as (incoming, outgoing), ClientSession(incoming, outgoing) as session:
        await session.initialize()
        tools = (await session.list_tools()).tools
        made = await session.call_tool("create_project", {"name": "By another assistant"})
        project = json.loads(made.content[0].text)["id"]
        asked = await session.call_tool("delete_project", {"project": project})
        token = json.loads(asked.content[0].text)["approval_token"]
        still = await session.call_tool("projects", {})
        wrong = await session.call_tool("delete_project", {"project": project, "approval_token": "0" * 32})
        gone = await session.call_tool("delete_project", {"project": project, "approval_token": token})
        missing = await session.call_tool("datasets", {"project": "nowhere"})
        return {"tools": tools, "asked": asked, "still": still, "wrong": wrong, "gone": gone, "missing": missing}


def test_every_action_is_a_tool_and_what_destroys_needs_a_yes(tmp_path: Path) -> None:
    said = asyncio.run(_talk(tmp_path / "home"))
    tools = {tool.name.replace("_", "-"): tool for tool in said["tools"]}
    assert tools.keys() == actions().keys()
    assert tools["delete-project"].annotations.destructive_hint is True
    assert tools["projects"].annotations.read_only_hint is True
    assert said["asked"].is_error
    assert said["wrong"].is_error
    assert len(json.loads(said["still"].content[0].text)) == 1
    assert not said["gone"].is_error
    assert "nowhere" in json.loads(said["missing"].content[0].text)["sentence"]
