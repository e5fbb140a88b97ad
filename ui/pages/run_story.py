"""What a training tells beside its curves: its answers to the pinned questions, and what stands behind it."""

from core.actions.pins import PinnedAnswer, PinnedQuestion, PinnedView
from core.actions.run_log import RunLog
from ui.parts.behind import Behind, Said
from ui.parts.part import Button, Link
from ui.parts.pinned import Before, Pinned, Question
from ui.visit import Visit
from ui.words import Words

_RIGHT, _WRONG = 1.0, 0.0
_MOST_BEFORE = 12


def pinned_of(visit: Visit, run: str) -> Pinned | None:
    """None until the first evaluation."""
    words = visit.words
    view: PinnedView = visit.do("pinned-answers", run=run)
    if not view.questions:
        return None
    return Pinned(
        words("train.pinned.title"),
        words("train.pinned.quiet"),
        words("train.pinned.wanted"),
        words("train.pinned.now"),
        words("train.pinned.before"),
        tuple(_question(words, view, number, one) for number, one in enumerate(view.questions, 1)),
        Button(words("train.pinned.others"), "pin-others", {"run": run}) if view.changeable else None,
    )


def _question(words: Words, view: PinnedView, number: int, one: PinnedQuestion) -> Question:
    changes = _changes(one.answers)
    last = one.answers[-1] if one.answers else None
    other = Button(words("train.pinned.instead"), "pin-others", {"run": view.run, "instead_of": number}, "link") if view.changeable else None
    return Question(
        one.question,
        one.wanted,
        last.text or words("train.pinned.silent") if last is not None else words("train.pinned.soon"),
        _mark(words, last),
        _level(last),
        tuple(
            Before(words("train.pinned.from", step=answer.step), answer.text or words("train.pinned.silent"), _level(answer)) for answer in changes
        ),
        other,
    )


def _changes(answers: tuple[PinnedAnswer, ...]) -> tuple[PinnedAnswer, ...]:
    """Those that differ from the one before, the newest that came before the last, oldest first."""
    found = [answer for at, answer in enumerate(answers) if at == 0 or answer.text != answers[at - 1].text]
    return tuple(found[-_MOST_BEFORE:]) if len(found) > 1 else ()


def _level(answer: PinnedAnswer | None) -> str:
    return "" if answer is None else "good" if answer.score >= _RIGHT else "warn" if answer.score <= _WRONG else ""


def _mark(words: Words, answer: PinnedAnswer | None) -> str:
    if answer is None:
        return ""
    if answer.score >= _RIGHT:
        return words("train.pinned.right")
    return words("train.pinned.wrong") if answer.score <= _WRONG else words("train.pinned.near", share=answer.score)


def behind_of(visit: Visit, run: str) -> Behind:
    words = visit.words
    told: RunLog = visit.do("run-log", run=run)
    return Behind(
        words("train.behind.title"),
        words("train.behind.quiet"),
        words("train.behind.notes"),
        tuple(
            Said(words("train.step_only", step=note.step) if note.step else words("train.behind.start"), words.say(note.said)) for note in told.notes
        ),
        words("train.behind.recipe"),
        told.recipe.strip(),
        words("recipe.command"),
        told.command,
        words("train.behind.log"),
        told.log.strip() or words("train.behind.silent"),
        (Link(words("train.behind.tensorboard", name=told.event_file), f"/api/runs/{run}/tensorboard"),) if told.event_file else (),
    )
