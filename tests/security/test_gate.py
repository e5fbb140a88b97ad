"""The gate: who gets in, from where, how much and how often."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from limits import parse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from storage.rows import LOCAL_OWNER, OwnerId
from ui.gate import FORM_BYTES, Gate, GateRules
from ui.sessions import Sessions, Tickets, new_visitor

HOST = "127.0.0.1:7860"
SECRET = "the secret of this server"
Ask = Callable[..., httpx.Response]


async def _echo(request: Request) -> JSONResponse:
    body = await request.body()
    reply = JSONResponse({"owner": request.scope["state"]["owner"], "size": len(body)})
    reply.headers["Access-Control-Allow-Origin"] = request.headers.get("origin", "*")
    reply.headers["Access-Control-Allow-Credentials"] = "true"
    return reply


def _asker(**rules: Any) -> tuple[Ask, Sessions]:
    sessions = Sessions("signing key", port=7860, framed=bool(rules.get("hosted")))
    app = Gate(
        Starlette(routes=[Route("/{path:path}", _echo, methods=["GET", "POST"])]),
        GateRules(hosts=frozenset({HOST}), upload_limit_bytes=rules.pop("upload_limit_bytes", 1000), secret=SECRET, **rules),
        sessions,
    )

    def ask(method: str = "GET", path: str = "/", **given: Any) -> httpx.Response:
        async def once() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{HOST}") as client:
                return await client.request(method, path, **given)

        return asyncio.run(once())

    return ask, sessions


def _signed_in(sessions: Sessions, **more: str) -> dict[str, str]:
    return {"cookie": sessions.cookie(LOCAL_OWNER).split(";")[0], **more}


def test_a_browser_without_the_link_gets_nothing() -> None:
    ask, _ = _asker()
    for path in ("/", "/config", "/gradio_api/info", "/api/actions", "/assets/index.js"):
        assert ask(path=path).status_code == 401


def test_a_cookie_signed_by_us_gets_in_and_one_changed_byte_does_not() -> None:
    ask, sessions = _asker()
    headers = _signed_in(sessions)
    assert ask(headers=headers).json()["owner"] == LOCAL_OWNER
    name, value = headers["cookie"].split("=", 1)
    forged = ("A" if value[0] != "A" else "B") + value[1:]
    assert ask(headers={"cookie": f"{name}={forged}"}).status_code == 401


def test_another_servers_cookie_does_not_get_in() -> None:
    ask, _ = _asker()
    assert ask(headers=_signed_in(Sessions("another key", port=7860))).status_code == 401


def test_an_unknown_host_is_answered_421() -> None:
    ask, sessions = _asker()
    for host in ("evil.example", "127.0.0.1:9999", "127.0.0.1", ""):
        assert ask(headers=_signed_in(sessions, host=host)).status_code == 421


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:7860.evil.example", "http://localhost:7860", None])
def test_what_changes_something_must_come_from_our_own_page(origin: str | None) -> None:
    ask, sessions = _asker()
    headers = _signed_in(sessions) | ({"origin": origin} if origin else {})
    assert ask("POST", "/api/actions/delete-project", headers=headers).status_code == 403


def test_our_own_page_may_change_something() -> None:
    ask, sessions = _asker()
    assert ask("POST", "/x", headers=_signed_in(sessions, origin=f"http://{HOST}"), content=b"abc").json()["size"] == 3


def test_the_command_line_needs_its_secret_and_no_origin() -> None:
    ask, _ = _asker()
    assert ask("POST", "/x", headers={"authorization": f"Bearer {SECRET}"}).status_code == 200
    assert ask("POST", "/x", headers={"authorization": "Bearer wrong"}).status_code == 401


def test_no_reply_lets_another_origin_read_it_and_every_reply_has_a_policy() -> None:
    ask, sessions = _asker()
    replies = [ask(headers=_signed_in(sessions, origin="http://evil.example")), ask(), ask(headers={"host": "evil.example"})]
    for reply in replies:
        assert not [name for name in reply.headers if name.startswith("access-control-")]
        policy = reply.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert not re.search(r"https?://|\*", policy)


def test_a_body_over_the_limit_is_refused_also_when_it_lies_about_its_length() -> None:
    ask, sessions = _asker()
    headers = _signed_in(sessions, origin=f"http://{HOST}")
    assert ask("POST", "/api/uploads", headers=headers, content=b"x" * 1001).status_code == 413
    assert ask("POST", "/api/uploads", headers=headers, content=b"x" * 1000).status_code == 200

    async def endless() -> Any:
        for _ in range(3):
            yield b"x" * 400

    assert ask("POST", "/gradio_api/upload", headers=headers, content=endless()).status_code == 413
    assert ask("POST", "/x", headers={**headers, "content-length": str(FORM_BYTES + 1)}, content=b"").status_code == 413


def test_too_many_requests_are_told_to_wait_and_nobody_else_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.gate.REQUESTS", parse("20/hour"))  # a window that no machine is too slow for
    ask, sessions = _asker()
    headers = _signed_in(sessions)
    assert [ask(headers=headers).status_code for _ in range(25)] == [200] * 20 + [429] * 5
    assert ask(headers={"cookie": sessions.cookie(new_visitor()).split(";")[0]}).status_code == 200


def test_a_hosted_visitor_becomes_an_owner_of_their_own() -> None:
    ask, sessions = _asker(hosted=True, frame_ancestors="'self' https://huggingface.co")
    first = ask()
    assert first.status_code == 303
    cookie = first.headers["set-cookie"]
    assert all(part in cookie for part in ("SameSite=None", "Secure", "Partitioned", "HttpOnly"))
    owner = sessions.owner(cookie.split(";")[0])
    assert owner is not None
    assert owner not in (LOCAL_OWNER, sessions.owner(ask().headers["set-cookie"].split(";")[0]))
    assert "huggingface.co" in first.headers["content-security-policy"]


def test_a_hosted_browser_that_keeps_no_cookies_is_offered_its_own_tab() -> None:
    ask, _ = _asker(hosted=True)
    told = ask(path="/?came=1", headers={"accept": "text/html"})
    assert told.status_code == 401
    assert 'target="_blank"' in told.text


def test_the_local_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites() -> None:
    cookie = Sessions("key", port=1).cookie(LOCAL_OWNER)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_one_time_link_works_once_and_not_for_ever() -> None:
    now = 0.0
    tickets = Tickets(clock=lambda: now)
    ticket = tickets.new()
    assert tickets.take(ticket)
    assert not tickets.take(ticket)
    late = tickets.new()
    now = 1801.0
    assert not tickets.take(late)
    assert not tickets.take("guessed")


def test_visitors_ids_cannot_be_guessed() -> None:
    ids = {new_visitor() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(OwnerId(owner)) == 34 for owner in ids)
