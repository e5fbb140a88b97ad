"""Side by side: one question, two models, their answers as they are written; blind if wanted, until the vote."""

import secrets
import time
from collections.abc import Iterator, Mapping
from typing import Any

from core.actions.compare import PairPiece, PairRequest, stream_pair
from core.actions.run import RunSummary
from core.actions.values import Value
from core.errors import UserError
from storage.rows import Package
from ui.pages.filled import slots_of, stretches_of
from ui.pages.page import Asked, Desk, Handler, Outcome, done, text_of
from ui.parts import chat
from ui.parts.notice import Notice
from ui.parts.part import Button, Option
from ui.visit import Visit
from ui.words import Words

_VOTES = ("left", "right", "both", "neither")
_EVERY_S = 0.06
_MOST_OTHERS = 8


def chat_of(visit: Visit, desk: Desk, run: str) -> chat.Chat:
    words, asked = visit.words, desk.asked
    options = _models(visit)
    known = {option.value for option in options}
    first, second = (asked.first if asked.first in known else "base", asked.second if asked.second in known else "tuned")
    ended = bool(asked.texts) and not asked.writing
    votes = tuple(Button(words(f"chat.vote.{vote}"), "vote", {"run": run, "chosen": vote}) for vote in _VOTES) if ended and not asked.voted else ()
    return chat.Chat(
        title=words("chat.title"),
        quiet=words("chat.quiet"),
        sides=(
            chat.Side(words("chat.first"), "first", options, first),
            chat.Side(words("chat.second"), "second", options, second),
        ),
        question_label=words("chat.question"),
        question=asked.question,
        ask=words("chat.ask"),
        blind=asked.blind,
        blind_label=words("chat.blind"),
        panes=_panes(visit, asked),
        vote_label=words("chat.which"),
        votes=votes,
        told=asked.voted,
        busy=asked.writing,
    )


def _models(visit: Visit) -> tuple[Option, ...]:
    words = visit.words
    made: tuple[Package, ...] = visit.do("packages", project=visit.project.project) if visit.project else ()
    return (
        Option("base", words("chat.base")),
        Option("tuned", words("chat.tuned")),
        *(Option(package.id, words("chat.package", name=package.name)) for package in made),
        *(Option(one.run.id, words("chat.run", name=one.run.name)) for one in _others(visit)),
    )


def _others(visit: Visit) -> tuple[RunSummary, ...]:
    """Trainings beside the open one that have kept a model: adapters on one base answer in turn, and the base is in memory once."""
    from ui.pages.evaluate import trained

    chosen = trained(visit)
    return tuple(one for one in visit.runs if one.run.best_step is not None and (chosen is None or one.run.id != chosen.run.id))[:_MOST_OTHERS]


def _panes(visit: Visit, asked: Asked) -> tuple[chat.Pane, ...]:
    if not asked.texts:
        return ()
    names = {option.value: option.text for option in _models(visit)}
    hidden = asked.blind and not asked.voted
    shown = tuple(names.get(side, side) for side in (asked.left, asked.right))
    if asked.blind:
        shown = ("A", "B") if hidden else (f"A: {shown[0]}", f"B: {shown[1]}")
    notes = asked.notes or ("", "")
    keeps = [None if asked.writing or not text.strip() else _keep(visit, side) for side, text in enumerate(asked.texts)]
    found = zip(shown, asked.texts, notes, keeps, asked.filled, strict=True)
    return tuple(
        chat.Pane(name, text, note, asked.writing and not note, keep, slots_of(visit, values), stretches_of(asked.question, values))
        for name, text, note, keep, values in found
    )


def _keep(visit: Visit, side: int) -> chat.Keep:
    words, values = visit.words, {"side": side}
    good = Button(words("chat.keep_good"), "keep-good", values, "plain")
    return chat.Keep(words("chat.keep_label"), good, words("chat.keep_answer"), words("chat.keep_correct"), values)


def stream(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Iterator[tuple[Asked, chat.Chat]]:
    """Both answers as they grow. What goes wrong stands in the pane of the model that it happened to."""
    from ui.pages.evaluate import trained

    run = trained(visit)
    if run is None:
        return
    first, second = text_of(values, "first", 64) or "base", text_of(values, "second", 64) or "tuned"
    asked = Asked(
        text_of(values, "question"),
        first,
        second,
        values.get("blind") is True,
        seed=secrets.randbits(31),
        texts=("", ""),
        notes=("", ""),
        writing=True,
    )
    try:
        request = PairRequest(run=run.run.id, question=asked.question, first=first, second=second, blind=asked.blind, seed=asked.seed)
    except ValueError:
        yield _shown(visit, desk, asked.to(texts=(), writing=False, voted=visit.words("chat.two")), run.run.id)
        return
    left, right = request.sides
    asked = asked.to(left=left, right=right)
    yield _shown(visit, desk, asked, run.run.id)
    try:
        for grown in _growing(visit, asked, request):
            asked = grown
            yield _shown(visit, desk, asked, run.run.id)
    except UserError as error:
        asked = asked.to(texts=(), voted=visit.words.error(error))
    yield _shown(visit, desk, asked.to(writing=False), run.run.id)


def _growing(visit: Visit, asked: Asked, request: PairRequest) -> Iterator[Asked]:
    began = said = time.monotonic()
    texts, notes = {"left": "", "right": ""}, {"left": "", "right": ""}
    filled: dict[str, tuple[Value, ...]] = {"left": (), "right": ()}
    for piece in stream_pair(visit.context, request):
        side = piece.side.value
        texts[side] += piece.text
        now = time.monotonic()
        if piece.done:
            notes[side] = visit.words.error(piece.error) if piece.error else _note(visit.words, now - began, piece)
        if piece.answer is not None and piece.read_in > 1:
            texts[side] = piece.answer  # in place of the answers to the pieces
        if piece.answer and (values := visit.do("values", run=request.run, question=request.question, answer=piece.answer)):
            texts[side], filled[side] = piece.answer, values
        if piece.done or now - said >= _EVERY_S:
            said = now
            yield asked.to(texts=(texts["left"], texts["right"]), notes=(notes["left"], notes["right"]), filled=(filled["left"], filled["right"]))


def _note(words: Words, seconds: float, last: PairPiece) -> str:
    """How long it took, and in how many pieces a long question was read; how sure the model is of its category, with the next likeliest."""
    took, chances = words("chat.took", time=words.number(seconds, 1)), last.chances
    if last.read_in > 1:
        return f"{took} · {words('chat.read_in', count=last.read_in)}"
    if not chances:
        return took
    sure = words("chat.sure", share=chances[0].share)
    others = ", ".join(words("chat.chance", label=chance.label, share=chance.share) for chance in chances[1:])
    return " ".join((took, "·", sure, *((words("chat.else", others=others),) if others else ())))


def _shown(visit: Visit, desk: Desk, asked: Asked, run: str) -> tuple[Asked, chat.Chat]:
    return asked, chat_of(visit, desk.to(asked=asked), run)


def _vote(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    asked, words = desk.asked, visit.words
    if len(asked.texts) != 2 or asked.voted:
        return Outcome(desk)
    told = visit.do(
        "vote", run=text_of(values, "run", 64), question=asked.question, first=asked.first, second=asked.second, blind=asked.blind, seed=asked.seed,
        left_answer=asked.texts[0], right_answer=asked.texts[1], chosen=text_of(values, "chosen", 20),
    )  # fmt: skip
    names = {option.value: option.text for option in _models(visit)}
    said = (
        words("chat.revealed", left=names.get(told.left, told.left), right=names.get(told.right, told.right)) if asked.blind else words("chat.thanks")
    )
    return Outcome(desk.to(asked=asked.to(voted=said)))


def _keep_good(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return _kept(visit, desk, values, None)


def _keep_corrected(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return _kept(visit, desk, values, text_of(values, "corrected", 1_000_000))


def _kept(visit: Visit, desk: Desk, values: Mapping[str, Any], corrected: str | None) -> Outcome:
    """The example goes to the dataset that the model learned from, while it is there; else to the one that is worked on."""
    from ui.pages.evaluate import trained

    asked, side, run = desk.asked, values.get("side"), trained(visit)
    if side not in (0, 1) or len(asked.texts) != 2 or asked.writing:
        return Outcome(desk)
    known = {dataset.id: dataset for dataset in visit.datasets}
    dataset = known.get(run.run.dataset, visit.dataset) if run is not None else visit.dataset
    if dataset is None:
        return Outcome(desk.to(notice=Notice("warn", visit.words("chat.keep_none")), at="chat"))
    hidden = asked.blind and not asked.voted
    model = None if hidden else (asked.left, asked.right)[side]
    visit.do("keep-answer", dataset=dataset.id, question=asked.question, answer=asked.texts[side], corrected=corrected, model=model)
    return Outcome(done(visit, desk, "chat", "chat.kept", dataset=dataset.name))


HANDLERS: Mapping[str, Handler] = {"vote": _vote, "keep-good": _keep_good, "keep-corrected": _keep_corrected}
