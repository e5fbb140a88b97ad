"""How the command line reaches the workshop: through a running server, or by opening the workshop itself. Both answer in plain JSON values."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import httpx
import psutil
from pydantic_core import to_jsonable_python

from core.actions.registry import Context, NeedsApproval, Scope, perform
from core.errors import UserError
from core.home import Home
from core.workshop import Workshop
from storage.rows import LIVE, LOCAL_OWNER, JobId, JobState
from ui.words import Words

UPLOAD_CHUNK = 1 << 20


class Refused(Exception):
    """A door said no: the error's name and its sentence in the person's language, and the plan's token when a yes is all that is missing."""

    def __init__(self, name: str, sentence: str, *, plan: Mapping[str, Any] | None = None, token: str | None = None) -> None:
        super().__init__(sentence)
        self.name, self.plan, self.token = name, plan, token


class Door(Protocol):
    """What a command needs."""

    def perform(self, verb: str, values: Mapping[str, Any], approval: str | None = None) -> Any: ...
    def upload(self, path: Path) -> str: ...
    def follow(self, job: str, changed: Callable[[Mapping[str, Any]], None]) -> Mapping[str, Any]: ...
    def save(self, package: str, target: Path, *, accept_red: bool) -> Path: ...
    def save_export(self, job: str, target: Path) -> Path: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...


@dataclass(frozen=True)
class ServerFile:
    """What a running server wrote into its home."""

    address: str
    pid: int
    secret: str

    @classmethod
    def read(cls, home: Home) -> "ServerFile | None":
        """None when no server runs there: no file, or its process is gone."""
        try:
            stored = cls(**json.loads(home.server_file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return stored if psutil.pid_exists(stored.pid) and stored.pid != os.getpid() else None


class LocalDoor:
    """Opens the workshop in this process. A job that it starts goes on when the command is interrupted."""

    def __init__(self, home: Home, language: str) -> None:
        self._workshop = Workshop.open(home)
        self._context = Context(self._workshop, LOCAL_OWNER, language, frozenset(Scope))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._workshop.close()

    def perform(self, verb: str, values: Mapping[str, Any], approval: str | None = None) -> Any:
        try:
            return to_jsonable_python(perform(self._context, verb, values, approval=approval))
        except NeedsApproval as asked:
            sentence = Words.of(self._context.language).error(asked)
            raise Refused(asked.name, sentence, plan=to_jsonable_python(asked.plan), token=asked.token) from asked
        except UserError as error:
            raise Refused(error.name, Words.of(self._context.language).error(error)) from error

    def upload(self, path: Path) -> str:
        try:
            return self._workshop.take_upload(LOCAL_OWNER, path.name, path).id
        except UserError as error:
            raise Refused(error.name, Words.of(self._context.language).error(error)) from error

    def follow(self, job: str, changed: Callable[[Mapping[str, Any]], None]) -> Mapping[str, Any]:
        while True:
            now = self._workshop.supervisor.wait(JobId(job), 0.5)
            plain: Mapping[str, Any] = to_jsonable_python(now)
            changed(plain)
            if now.state not in LIVE:
                return plain

    def save(self, package: str, target: Path, *, accept_red: bool) -> Path:
        found = self.perform("download", {"package": package, "accept_red": accept_red})
        return _copied(Path(found["path"]), Path(found["path"]).name, target)

    def save_export(self, job: str, target: Path) -> Path:
        found = self.perform("download-export", {"job": job})
        return _copied(Path(found["path"]), found["name"], target)


class ServerDoor:
    """Talks to the running server with the secret of its server file."""

    def __init__(self, server: ServerFile, language: str) -> None:
        headers = {"authorization": f"Bearer {server.secret}", "accept-language": language}
        self._client = httpx.Client(base_url=server.address, headers=headers, timeout=httpx.Timeout(30, read=600), trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._client.close()

    def perform(self, verb: str, values: Mapping[str, Any], approval: str | None = None) -> Any:
        return _result(self._client.post(f"/api/actions/{verb}", json={"values": dict(values), "approval": approval}))

    def upload(self, path: Path) -> str:
        with path.open("rb") as source:
            reply = self._client.post("/api/uploads", params={"name": path.name}, content=iter(lambda: source.read(UPLOAD_CHUNK), b""))
        return str(_result(reply)["id"])

    def follow(self, job: str, changed: Callable[[Mapping[str, Any]], None]) -> Mapping[str, Any]:
        now: Mapping[str, Any] = {}
        with self._client.stream("GET", f"/api/jobs/{job}/events") as reply:
            if reply.status_code != 200:
                reply.read()
                _result(reply)
            for line in reply.iter_lines():
                if line.startswith("data: "):
                    now = json.loads(line.removeprefix("data: "))
                    changed(now)
        return now

    def save(self, package: str, target: Path, *, accept_red: bool) -> Path:
        return self._streamed(f"/api/packages/{package}/download", target, {"accept_red": accept_red})

    def save_export(self, job: str, target: Path) -> Path:
        return self._streamed(f"/api/exports/{job}/download", target, {})

    def _streamed(self, address: str, target: Path, parameters: Mapping[str, Any]) -> Path:
        with self._client.stream("GET", address, params=parameters) as reply:
            if reply.status_code != 200:
                reply.read()
                _result(reply)
            name = reply.headers["content-disposition"].split('filename="')[-1].rstrip('"')
            target = target / Path(name).name if target.is_dir() else target
            with target.open("wb") as file:
                for chunk in reply.iter_bytes(UPLOAD_CHUNK):
                    file.write(chunk)
        return target

    def ticket_link(self) -> str:
        """A new one-time link into the running app."""
        reply = self._client.post("/api/ticket").raise_for_status().json()
        return f"{self._client.base_url}/enter?ticket={reply['ticket']}".replace("//enter", "/enter")


def door(home: Home, language: str) -> Door:
    """The running server's if there is one, else our own."""
    server = ServerFile.read(home)
    return LocalDoor(home, language) if server is None else ServerDoor(server, language)


def ended_well(job: Mapping[str, Any]) -> bool:
    return job.get("state") == JobState.DONE


def _copied(source: Path, name: str, target: Path) -> Path:
    target = target / name if target.is_dir() else target
    shutil.copyfile(source, target)
    return target


def _result(reply: httpx.Response) -> Any:
    try:
        body = reply.json()
    except ValueError:
        body = {}
    if reply.status_code == 200:
        return body["result"]
    sentence = body.get("sentence") or f"The server answered {reply.status_code}."
    raise Refused(body.get("error", "ServerError"), sentence, plan=body.get("plan"), token=body.get("token"))
