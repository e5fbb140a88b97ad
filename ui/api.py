"""The HTTP door: every action of the registry at one address, uploads, a job's events as a stream, and downloads that never lie in memory."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from pydantic_core import to_jsonable_python

from core.actions.registry import PERSON, Action, Context, NeedsApproval, Scope, actions, perform
from core.errors import UserError
from core.workshop import Workshop
from storage.rows import LIVE, Job, OwnerId
from ui.words import Words, language_of

BEAT_S = 0.5


def router(workshop: Workshop) -> APIRouter:
    """All routes under /api. The gate has already said who asks."""
    routes = APIRouter(prefix="/api")

    @routes.get("/actions")
    def listed() -> list[dict[str, Any]]:
        return [_described(known) for known in actions().values()]

    @routes.post("/actions/{verb}")
    async def act(verb: str, request: Request) -> JSONResponse:
        context = context_of(workshop, request)
        try:
            asked = json.loads(await request.body() or b"{}")
            values, approval = dict(asked.get("values") or {}), asked.get("approval")
        except (ValueError, AttributeError, TypeError):
            return JSONResponse({"error": "BadRequest", "sentence": Words.of(context.language)("gate.bad_json")}, 400)
        try:
            result = await asyncio.to_thread(perform, context, verb, values, approval=approval)
        except UserError as error:
            return refused(error, context.language)
        return JSONResponse({"result": to_jsonable_python(result)})

    @routes.post("/uploads")
    async def upload(request: Request, name: str) -> JSONResponse:
        context = context_of(workshop, request)
        spool = workshop.home.uploads / f".incoming-{id(request):x}"
        try:
            with spool.open("wb") as target:
                async for chunk in request.stream():
                    await asyncio.to_thread(target.write, chunk)
            taken = await asyncio.to_thread(workshop.take_upload, context.actor, name, spool)
        except UserError as error:
            return refused(error, context.language)
        finally:
            spool.unlink(missing_ok=True)
        return JSONResponse({"result": to_jsonable_python(taken)})

    @routes.get("/jobs/{job}/events")
    async def events(job: str, request: Request) -> Any:
        context = context_of(workshop, request)
        try:
            await asyncio.to_thread(perform, context, "job-status", {"job": job})
        except UserError as error:
            return refused(error, context.language)
        return StreamingResponse(_followed(context, job), media_type="text/event-stream", headers={"cache-control": "no-store"})

    _downloads(routes, workshop)
    return routes


def _downloads(routes: APIRouter, workshop: Workshop) -> None:
    """Files that a person takes home, streamed from the disk."""

    async def sent(request: Request, verb: str, values: dict[str, Any], media_type: str = "application/zip") -> Any:
        """The file that an action tells the path and the name of."""
        context = context_of(workshop, request)
        try:
            found = await asyncio.to_thread(perform, context, verb, values)
        except UserError as error:
            return refused(error, context.language)
        return FileResponse(found.path, filename=Path(found.name).name, media_type=media_type)

    @routes.get("/packages/{package}/download")
    async def download(package: str, request: Request, accept_red: bool = False) -> Any:
        return await sent(request, "download", {"package": package, "accept_red": accept_red})

    @routes.get("/exports/{job}/download")
    async def exported(job: str, request: Request) -> Any:
        """A version of the data, as `export-version` wrote it."""
        return await sent(request, "download-export", {"job": job})

    @routes.get("/jobs/{job}/bad-rows")
    async def bad_rows(job: str, request: Request) -> Any:
        """The rows that an import could not use, as a table."""
        return await sent(request, "bad-rows", {"job": job}, "text/csv")

    @routes.get("/runs/{run}/curves")
    async def curves(run: str, request: Request) -> Any:
        """The curves of a run as a table."""
        return await sent(request, "download-curves", {"runs": [run]}, "text/csv")

    @routes.get("/curves")
    async def several(request: Request, run: Annotated[list[str], Query()]) -> Any:
        """The curves of several runs in one table."""
        return await sent(request, "download-curves", {"runs": run}, "text/csv")

    @routes.get("/runs/{run}/tensorboard")
    async def tensorboard(run: str, request: Request) -> Any:
        """The curves of a run as TensorBoard reads them."""
        return await sent(request, "download-tensorboard", {"run": run}, "application/octet-stream")

    @routes.get("/projects/{project}/saved")
    async def saved(project: str, request: Request) -> Any:
        """The whole project as one file, which `restore-project` brings back elsewhere."""
        return await sent(request, "save-project", {"project": project})


def context_of(workshop: Workshop, request: Request) -> Context:
    """The actor stands in the request's state, where the gate put it. Only the command line, which holds the server's secret, has all rights."""
    owner: OwnerId = request.scope["state"]["owner"]
    scopes = frozenset(Scope) if request.scope["state"].get("bearer") else PERSON
    return Context(workshop, owner, language_of(request.headers.get("accept-language", "")), scopes)


def refused(error: UserError, language: str) -> JSONResponse:
    """A UserError for a program: its name, its sentence and its facts; a plan that waits for a yes carries its token."""
    body: dict[str, Any] = {"error": error.name, "sentence": Words.of(language).error(error), "facts": to_jsonable_python(error.facts)}
    if isinstance(error, NeedsApproval):
        body |= {"plan": to_jsonable_python(error.plan), "token": error.token}
    return JSONResponse(body, error.status)


def _described(known: Action) -> dict[str, Any]:
    return {
        "verb": known.verb,
        "group": known.group,
        "sentence": known.sentence,
        "undo": known.undo,
        "asks_first": known.asks_first,
        "destroys": known.destroys,
        "parameters": known.request.model_json_schema(),
        "example": dict(known.example),
    }


async def _followed(context: Context, job: str) -> AsyncIterator[bytes]:
    """The job's row each time it changes, until it has ended."""
    before: Job | None = None
    while True:
        now = await asyncio.to_thread(perform, context, "job-status", {"job": job})
        if now != before:
            yield f"data: {json.dumps(to_jsonable_python(now))}\n\n".encode()
            before = now
        if now.state not in LIVE:
            return
        await asyncio.sleep(BEAT_S)
