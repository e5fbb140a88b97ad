"""What a link for colleagues opens, and all that it does not."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.actions.colleagues import RoundDesk
from core.actions.registry import Context, perform
from storage import rounds
from storage.rows import LOCAL_OWNER
from tests.unit.labels_bench import dataset_with, tickets, workshop
from tests.unit.test_parts import PAYLOADS
from ui.review.label import LabelSite
from ui.review.server import FORM_BYTES, review_app
from ui.review.tokens import COOKIE, ReviewSessions, name_of
from ui.sessions import Sessions

SECRET = "the key that signs the owner's cookies too"
CHOICES = ["refund", "card", "delivery"]
FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass
class Link:
    """A round's link, opened by one browser."""

    client: TestClient
    path: str

    def get(self, more: str = "", **options: Any) -> Any:
        return self.client.get(self.path + more, **options)

    def post(self, where: str, **fields: str) -> Any:
        return self.client.post(self.path + where, data=fields)

    def enter(self, name: str = "Anna") -> Any:
        return self.post("name", name=name)

    def answer(self, page: Any, text: str) -> Any:
        return self.post("answer", row=word_in(page.text), answer=text)


def word_in(page: str) -> str:
    found = re.search(r'name="row" value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    with workshop(tmp_path_factory.mktemp("review")) as opened:
        yield opened


def made(context: Context, rows: list[tuple[str, str | None]] | None = None, **values: Any) -> Any:
    dataset = dataset_with(context, rows or tickets(12))
    return perform(context, "label-round", {"dataset": dataset, "choices": CHOICES, **values})


def visit(context: Context, link: str, address: str = "127.0.0.1") -> Link:
    app = review_app(LabelSite(RoundDesk(context.workshop), ReviewSessions(SECRET)).routes())
    client = TestClient(app, base_url="http://127.0.0.1:7861", client=(address, 50_000), follow_redirects=True)
    return Link(client, link)


def test_a_link_asks_for_a_name_then_shows_one_text_and_takes_an_answer(context: Context) -> None:
    round = made(context)
    link = visit(context, round.link)
    assert "Your name" in link.get().text
    page = link.enter()
    assert all(f'value="{choice}"' in page.text for choice in CHOICES)
    after = link.answer(page, "card")
    assert "1 done, 11 left" in after.text
    given = rounds.given(context.workshop.store, round.round.id)
    assert [(one.person, one.answer) for one in given] == [("Anna", "card")]
    assert 0 <= given[0].seconds < 60


def test_a_person_can_go_back_and_change_their_mind(context: Context) -> None:
    round = made(context)
    link = visit(context, round.link)
    after = link.answer(link.enter(), "card")
    back = re.search(r'href="(\./\?at=\d+)"', after.text)
    assert back is not None
    earlier = link.get(back[1].removeprefix("./"))
    assert 'class="on"' in earlier.text
    link.answer(earlier, "refund")
    assert [one.answer for one in rounds.given(context.workshop.store, round.round.id)] == ["refund"]


def test_a_passed_text_is_offered_again_at_the_end_only(context: Context) -> None:
    round = made(context, tickets(2))
    link = visit(context, round.link)
    first = link.enter()
    second = link.post("answer", row=word_in(first.text), **{"pass": "1"})
    assert re.findall(r'id="text"[^>]*>([^<]*)<', first.text) != re.findall(r'id="text"[^>]*>([^<]*)<', second.text)
    end = link.answer(second, "card")
    assert "Show me again the text I passed" in end.text
    assert re.findall(r'id="text"[^>]*>([^<]*)<', link.post("again").text) == re.findall(r'id="text"[^>]*>([^<]*)<', first.text)


@pytest.mark.parametrize("token", ["x", "A" * 32, "..%2f..%2fetc%2fpasswd", "%00", "a/../../api/actions"])
def test_another_token_opens_nothing(context: Context, token: str) -> None:
    link = visit(context, f"/r/{token}/")
    assert link.get().status_code == 404
    assert link.post("answer", row="x", answer="card").status_code == 404


def test_a_closed_and_an_expired_link_say_so_and_take_nothing(context: Context) -> None:
    closed, expired = made(context), made(context)
    links = [visit(context, one.link) for one in (closed, expired)]
    pages = [link.enter() for link in links]
    perform(context, "close-round", {"round": closed.round.id})
    past = (expired.round.created_at - timedelta(days=1)).replace(tzinfo=None)
    context.workshop.store.write(
        lambda connection: connection.execute("UPDATE label_round SET expires_at = ? WHERE id = ?", [past, expired.round.id])
    )
    for link, page, word in zip(links, pages, ("closed", "expired"), strict=True):
        for reply in (link.get(), link.answer(page, "card"), link.enter("Ben")):
            assert reply.status_code == 410
            assert word in reply.text
    assert rounds.given(context.workshop.store, closed.round.id) == rounds.given(context.workshop.store, expired.round.id) == []


def test_a_name_for_one_link_is_nobody_at_another(context: Context) -> None:
    first, second = made(context), made(context)
    link = visit(context, first.link)
    link.enter()
    cookie = link.client.cookies.get(COOKIE)
    other = visit(context, second.link)
    assert "Your name" in other.get(headers={"cookie": f"{COOKIE}={cookie}"}).text


def test_a_forms_word_works_for_its_person_and_its_round_only(context: Context) -> None:
    round = made(context)
    anna, ben = visit(context, round.link), visit(context, round.link)
    page, _ = anna.enter("Anna"), ben.enter("Ben")
    stolen = ben.post("answer", row=word_in(page.text), answer="card")
    forged = ben.post("answer", row=word_in(page.text)[:-2] + "xx", answer="card")
    assert (stolen.status_code, forged.status_code) == (422, 422)
    assert rounds.given(context.workshop.store, round.round.id) == []


def test_an_answer_that_is_no_choice_is_refused(context: Context) -> None:
    round = made(context)
    link = visit(context, round.link)
    page = link.enter()
    for text in ("another", "", "card\0", "card" * 100):
        assert link.answer(page, text).status_code == 422
    assert rounds.given(context.workshop.store, round.round.id) == []


def test_a_taken_name_is_asked_about_and_never_silently_shared(context: Context) -> None:
    round = made(context)
    first, second = visit(context, round.link), visit(context, round.link)
    first.answer(first.enter("Anna"), "card")
    asked = second.enter("anna ")
    assert asked.status_code == 409
    assert "go on as Anna" in asked.text
    assert "1 done" in second.post("name", name="anna", again="1").text


def test_what_people_wrote_is_text_everywhere(context: Context) -> None:
    rows: list[tuple[str, str | None]] = [(payload, None) for payload in PAYLOADS]
    dataset = dataset_with(context, rows)
    round = perform(context, "label-round", {"dataset": dataset, "choices": [payload[:90] for payload in PAYLOADS], "name": PAYLOADS[0][:100],
                                             "guide": PAYLOADS[1], "twice_share": 0})  # fmt: skip
    link = visit(context, round.link)
    page = link.enter('"><script>alert(1)</script>')
    shown = 0
    while 'name="row"' in page.text:
        body = page.text
        assert len(re.findall(r"<script", body)) == 1  # our own file
        assert not re.search(r"<(img|svg|iframe|video|object|meta http|math|style|details|base|a href=\"javascript)", body)
        assert not re.search(r"<[^>]*\son\w+=", re.sub(r'"[^"]*"', '""', body))
        page = link.post("answer", row=word_in(body), answer=PAYLOADS[0][:90])
        shown += 1
    assert shown == len(PAYLOADS)


def test_every_reply_carries_a_policy_without_inline_script(context: Context) -> None:
    link = visit(context, made(context).link)
    for reply in (
        link.get(),
        link.enter(),
        link.client.get("/style.css"),
        link.client.get("/keys.js"),
        link.client.get("/nothing"),
        link.get("nothing"),
    ):
        policy = reply.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "same-origin"
        assert not re.search(r"<[^>]+\s(style|on\w+)=", reply.text) or "text/html" not in reply.headers["content-type"]


@pytest.mark.parametrize(
    "path", ["/", "/api/actions", "/config", "/enter", "/gradio_api/info", "/r/", "/r", "/style.css/", "/../core/workshop.py", "/r//"]
)
def test_other_paths_are_not_there(context: Context, path: str) -> None:
    assert visit(context, path).get().status_code == 404


def test_the_owners_cookie_is_nobody_here_and_none_is_given(context: Context) -> None:
    round = made(context)
    sessions = Sessions(SECRET, port=7860)
    owner = sessions.cookie(LOCAL_OWNER).split(";")[0]
    link = visit(context, round.link)
    assert "Your name" in link.get(headers={"cookie": owner}).text
    value = owner.split("=", 1)[1]
    assert "Your name" in link.get(headers={"cookie": f"{COOKIE}={value}"}).text
    given = link.client.post(link.path + "name", data={"name": "Anna"}, follow_redirects=False).headers["set-cookie"]
    assert given.startswith(f"{COOKIE}=")
    assert f"Path={link.path}" in given
    assert "HttpOnly" in given
    assert sessions.owner(given.split(";")[0].replace(COOKIE, sessions.cookie_name)) is None


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}],
)
def test_a_form_of_another_site_changes_nothing(context: Context, headers: dict[str, str]) -> None:
    round = made(context)
    link = visit(context, round.link)
    page = link.enter()
    reply = link.client.post(link.path + "answer", data={"row": word_in(page.text), "answer": "card"}, headers=headers)
    assert reply.status_code == 403
    assert rounds.given(context.workshop.store, round.round.id) == []


def test_a_body_that_is_too_large_or_no_form_is_refused(context: Context) -> None:
    link = visit(context, made(context).link)
    link.enter()
    assert link.client.post(link.path + "answer", content=b"x" * (FORM_BYTES + 1), headers=FORM).status_code == 413
    for body in (b"\xff\xfe", b"&".join(b"a=%d" % n for n in range(500)), b'{"row": 1}'):
        assert link.client.post(link.path + "answer", content=body, headers=FORM).status_code == 422


def test_guessing_links_ends_soon(context: Context) -> None:
    round = made(context)
    guesser = visit(context, "/r/")
    replies = [guesser.client.get(f"/r/guess-{number}/").status_code for number in range(40)]
    assert replies[0] == 404
    assert replies[-1] == 429
    assert guesser.client.get(round.link).status_code == 429
    assert visit(context, round.link).get().status_code == 200


def test_a_flood_is_slowed(context: Context) -> None:
    link = visit(context, made(context).link)
    assert {link.client.get("/style.css").status_code for _ in range(400)} == {200, 429}


def test_a_link_for_this_computer_is_dead_on_others(context: Context) -> None:
    here, everywhere = made(context), made(context, network=True)
    assert visit(context, here.link, "192.168.1.20").get().status_code == 404
    assert visit(context, everywhere.link, "192.168.1.20").get().status_code == 200


def test_a_page_is_there_in_a_tenth_of_a_second_and_small(context: Context) -> None:
    link = visit(context, made(context, tickets(500)).link)
    link.enter()
    began = time.monotonic()
    pages = [link.get() for _ in range(10)]
    assert (time.monotonic() - began) / 10 < 0.5  # far from 0.1 s only where the machine is busy; the bench has the figure
    assert max(len(page.content) for page in pages) < 10_000


def test_nothing_but_text_and_choices_is_told(context: Context) -> None:
    dataset = dataset_with(context, [("A text", None), ("Another secret text", "card")])
    round = perform(context, "label-round", {"dataset": dataset, "choices": CHOICES, "name": "Round one"})
    page = visit(context, round.link).enter().text
    for secret in (dataset, round.round.id, round.round.project, "Support desk", "tickets", "Another secret text", str(context.workshop.home.root)):
        assert secret not in page


@pytest.mark.parametrize(("given", "kept"), [(" Anna  Maria ", "Anna Maria"), ("\x00\x1b[31m", "[31m"), ("\u202e", ""), ("a" * 500, "a" * 60)])
def test_a_name_is_one_short_line(given: str, kept: str) -> None:
    assert name_of(given) == kept
