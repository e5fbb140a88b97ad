"""The talk is kept with the project and can be said again in any language."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.actions.registry import Context, perform
from core.assistant.dialogue import approve, conversation, reply, withdraw
from core.assistant.reply import Failure
from core.errors import UserError
from core.home import Home
from core.sentence import Sentence
from core.workshop import Workshop
from storage.rows import LOCAL_OWNER, ProjectId


@pytest.fixture
def talking(tmp_path: Path) -> Iterator[tuple[Context, ProjectId]]:
    with Workshop.open(Home(tmp_path / "home").prepare()) as workshop:
        context = Context(workshop, LOCAL_OWNER)
        yield context, perform(context, "create-project", {"name": "Talk"}).id


def test_what_was_said_comes_back_as_sentences_with_their_facts(talking: tuple[Context, ProjectId]) -> None:
    context, project = talking
    answer = reply(context, project, "make me a sandwich")
    asked, told = conversation(context, project)
    assert (asked.by_person, asked.text) == (True, ("make me a sandwich",))
    assert told.text == answer.text
    assert isinstance(told.text[0], Sentence)


def test_a_yes_and_a_no_by_button_are_remembered(talking: tuple[Context, ProjectId]) -> None:
    context, project = talking
    reply(context, project, "use the sample data")
    withdraw(context, project)
    assert conversation(context, project)[-1].agreed is False
    card = reply(context, project, "use the sample data").plan
    assert card is not None
    approve(context, project, card.token)
    assert conversation(context, project)[-1].agreed is True


def test_an_error_on_a_yes_is_told_in_the_talk(talking: tuple[Context, ProjectId]) -> None:
    context, project = talking
    with pytest.raises(UserError):
        approve(context, project, "0" * 32)
    last = conversation(context, project)[-1].text[0]
    assert isinstance(last, Failure)
    assert last.error == "PlanGone"
