"""Rounds with colleagues on the label section: the link, the counts, the agreement, the differences."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from core.actions.labels import LabelQueue
from core.actions.rounds import RoundCard, RoundResults
from ui.pages.page import Desk, Handler, Outcome, done, number_of, text_of
from ui.parts import label_rounds as part
from ui.parts.part import Button
from ui.visit import Visit

_WORDS = ("name", "guide", "rows", "twice", "days", "network", "answered_too", "make")
_MOST_TEXT, _MOST_SHOWN = 600, 30


def rounds_of(visit: Visit, desk: Desk, queue: LabelQueue) -> part.Rounds | None:
    words = visit.words
    if visit.hosted:
        return None
    cards: tuple[RoundCard, ...] = visit.do("rounds", dataset=queue.dataset)
    fields = str(queue.how) == "fields"
    return part.Rounds(
        title=words("label.rounds_title"), quiet=words("label.rounds_quiet"), words={name: words(f"label.round_{name}") for name in _WORDS},
        choices_label=words("label.round_fields" if fields else "label.round_choices"), choices="\n".join(queue.fields if fields else queue.choices),
        rounds=tuple(_round(visit, desk, card) for card in cards), link=desk.label.link, link_said=words("label.link_once"),
        unfolded=bool(desk.label.link or desk.label.round), values={"dataset": queue.dataset, "how": str(queue.how)},
    )  # fmt: skip


def _round(visit: Visit, desk: Desk, card: RoundCard) -> part.RoundView:
    words, round = visit.words, card.round
    state = words("label.round_open", day=words.day(round.expires_at)) if card.open else words("label.round_closed")
    values = {"round": round.id}
    open_ = desk.label.round == round.id
    buttons = [Button(words("label.round_hide" if open_ else "label.round_results"), "round-results", values)]
    buttons += [Button(words("label.round_close"), "round-close", values, "link")] if card.open else []
    said = words("label.round_said", given=card.given, wanted=card.wanted, rows=card.rows, people=", ".join(card.people) or words("label.nobody"))
    results = _results(visit, visit.do("round-results", round=round.id)) if open_ else None
    return part.RoundView(round.id, round.name, state, said, tuple(buttons), results)


def _results(visit: Visit, found: RoundResults) -> part.Results:
    words, agreed = visit.words, found.agreement
    if agreed.share is None or agreed.low is None or agreed.high is None:
        said, interval = words("label.agree_unmeasured"), ""
    else:
        said = words("label.agree", share=agreed.share, same=agreed.same, rows=agreed.rows)
        interval = words("label.agree_between", low=agreed.low, high=agreed.high)
    confusions = tuple(
        words(
            "label.differ_most" if place == 0 else "label.differ",
            first=one.first,
            second=one.second,
            left=one.left[:60],
            right=one.right[:60],
            count=one.count,
        )
        for place, one in enumerate(agreed.confusions[:3])
    )
    more = [words("label.alpha", value=_figure(visit, agreed.alpha), rows=agreed.rows)] if agreed.rows else []
    more += [words("label.kappa", first=pair.first, second=pair.second, value=_figure(visit, pair.kappa), rows=pair.rows) for pair in agreed.pairs]
    take = Button(words("label.take", count=found.ready), "round-take", {"round": found.card.round.id}, "accent") if found.ready else None
    return part.Results(
        said=said, interval=interval, term=words("label.agree_term"), confusions=confusions,
        heads=(words("label.person"), words("label.person_answers"), words("label.person_seconds")),
        people=tuple((one.person, words.number(one.answers), words.time(one.seconds)) for one in found.people),
        more_title=words("label.more"), more=tuple(more), take=take,
        differences_title=words("label.differences", count=found.differing) if found.differing else "",
        differences=tuple(_difference(found, one.position, one.question, one.answers) for one in found.differences[:_MOST_SHOWN]),
    )  # fmt: skip


def _difference(found: RoundResults, position: int, text: str, answers: tuple[tuple[str, str], ...]) -> part.DifferenceView:
    by_answer: dict[str, list[str]] = {}
    for person, answer in answers:
        by_answer.setdefault(answer, []).append(person)
    values = {"round": found.card.round.id, "position": position}
    said = tuple(part.Said(Button(answer, "settle-answer", {**values, "answer": answer}), ", ".join(people)) for answer, people in by_answer.items())
    return part.DifferenceView(text[:_MOST_TEXT], said)


def _figure(visit: Visit, value: float | None) -> str:
    return visit.words("label.no_figure") if value is None else visit.words.number(value, 2)


def undo(visit: Visit) -> Button:
    return Button(visit.words("rows.undo"), "undo", {"dataset": visit.dataset.id if visit.dataset else ""}, "accent")


def _open(desk: Desk, **changes: Any) -> Desk:
    return desk.to(label=dataclasses.replace(desk.label, **changes))


def _make(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    named = tuple(line.strip() for line in text_of(values, "choices", 60_000).splitlines() if line.strip())
    how = text_of(values, "how", 20)
    made = visit.do(
        "label-round", dataset=text_of(values, "dataset", 64), name=text_of(values, "name", 120), guide=text_of(values, "guide", 2_000), how=how or None,
        choices=named if how == "choices" else (), fields=named if how == "fields" else (),
        rows=int(number_of(values, "rows")) if text_of(values, "rows", 12).strip() else None,
        twice_share=number_of(values, "twice") / 100, days=number_of(values, "days"), network=values.get("network") is True,
        answered_too=values.get("answered_too") is True,
    )  # fmt: skip
    return Outcome(done(visit, _open(desk, link=made.link, round=""), "label", "label.round_made", count=made.rows))


def _show(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    round = text_of(values, "round", 64)
    return Outcome(_open(desk, round="" if desk.label.round == round else round, link=""), only="label_rounds")


def _close(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    card = visit.do("close-round", round=text_of(values, "round", 64))
    return Outcome(done(visit, _open(desk, link=""), "label", "label.round_closed_now", name=card.round.name), only="label_rounds")


def _take(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    visit.do("take-answers", round=text_of(values, "round", 64))
    return Outcome(desk)


def _settle(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    position = values.get("position")
    visit.do("settle-answer", round=text_of(values, "round", 64), position=position, answer=text_of(values, "answer", 100_000))
    return Outcome(done(visit, desk, "label", "label.settled", undo(visit)), only="label_rounds")


HANDLERS: Mapping[str, Handler] = {
    "label-round": _make, "round-results": _show, "round-close": _close, "round-take": _take, "settle-answer": _settle,
}  # fmt: skip
