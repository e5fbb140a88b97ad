"""The MCP door: another assistant's tools are the actions of the registry, over standard input and output. Nothing here knows any one action.

A costly or destructive tool answers with its plan and a token first; only a second call that carries the token does it, so that whoever
holds the conversation can show the plan to a person in between.
"""

import asyncio
import json
from typing import Any

from pydantic_core import to_jsonable_python

from core.actions.registry import Action, Context, NeedsApproval, actions, perform
from core.errors import UserError
from core.workshop import Workshop
from storage.rows import LOCAL_OWNER
from ui.words import Words

APPROVAL = "approval_token"


def serve_stdio(workshop: Workshop, language: str) -> None:
    """Answer until the other side closes."""
    asyncio.run(_serve(Context(workshop, LOCAL_OWNER, language)))


async def _serve(context: Context) -> None:
    from mcp.server.stdio import stdio_server

    server = mcp_server(context)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


def mcp_server(context: Context) -> Any:
    """An mcp.server.lowlevel.Server with one tool an action."""
    import mcp_types as types
    from mcp.server.lowlevel import Server

    async def listed(_: Any, __: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_tool(known) for known in actions().values()])

    async def called(_: Any, asked: types.CallToolRequestParams) -> types.CallToolResult:
        values = dict(asked.arguments or {})
        approval = values.pop(APPROVAL, None)
        text, wrong = await asyncio.to_thread(_answer, context, asked.name.replace("_", "-"), values, approval)
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=wrong)

    return Server("bottega", on_list_tools=listed, on_call_tool=called)


def _tool(known: Action) -> Any:
    import mcp_types as types

    schema = known.request.model_json_schema()
    if known.asks_first:
        schema = {
            **schema,
            "properties": {**schema.get("properties", {}), APPROVAL: {"type": "string", "description": "Of the plan that a person agreed to."}},
        }
    hints = types.ToolAnnotations(read_only_hint=known.scope == "read", destructive_hint=known.destroys, open_world_hint=False)
    return types.Tool(name=known.verb.replace("-", "_"), description=known.sentence, input_schema=schema, annotations=hints)


def _answer(context: Context, verb: str, values: dict[str, Any], approval: str | None) -> tuple[str, bool]:
    try:
        return json.dumps(to_jsonable_python(perform(context, verb, values, approval=approval)), ensure_ascii=False), False
    except NeedsApproval as asked:
        told = {"plan": to_jsonable_python(asked.plan), APPROVAL: asked.token, "sentence": Words.of(context.language).error(asked)}
        return json.dumps(told, ensure_ascii=False), True
    except UserError as error:
        return json.dumps({"error": error.name, "sentence": Words.of(context.language).error(error)}, ensure_ascii=False), True
