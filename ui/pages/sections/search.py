"""Search: the machine tries several settings, shows how each did, and the best becomes a training with one click."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import gradio as gr

from core.actions.search import SearchStatus
from core.errors import BadValue, UserError
from core.sentence import Sentence
from storage.rows import LIVE
from ui.pages import search_shown
from ui.pages.desks import SearchDesk
from ui.pages.page import Desk, Handler, Outcome, number_of, text_of, to_run
from ui.pages.section import Section
from ui.pages.working import progress_of
from ui.parts import bar, coach, coordinates, influence, progress, search_form
from ui.parts.lead import Lead
from ui.parts.notice import told
from ui.parts.part import Button, Option
from ui.visit import Visit

_GROWS = ("search_progress", "search_coordinates", "search_influence", "search_winner")


class SearchSection(Section):
    name: ClassVar[str] = "search"

    def layout(self) -> dict[str, gr.HTML]:
        return {
            "search_progress": progress.progress(), "search_winner": coach.coach(), "search_bar": bar.bar(), "search_form": search_form.search_form(),
            "search_coordinates": coordinates.coordinates(), "search_influence": influence.influence(),
        }  # fmt: skip

    def handlers(self) -> Mapping[str, Handler]:
        return {"search": _search, "search-resume": _resume, "search-again": _again, "search-winner": _winner}

    def approved(self, visit: Visit, desk: Desk, verb: str, result: Any) -> Outcome | None:
        if verb == "train-winner":
            return Outcome(desk, to_run(result.id))
        return Outcome(desk.to(search=SearchDesk())) if verb == "search" else None

    def lead(self, visit: Visit, desk: Desk) -> Lead | None:
        words, status = visit.words, _status(visit)
        if status is None or desk.search.again:
            return Lead(words("search.empty"), words("search.empty_quiet"), term="hyperparameter search")
        return search_shown.lead_of(words, status)

    def growing(self, visit: Visit, desk: Desk) -> dict[str, Any] | None:
        status = _status(visit)
        if status is None or desk.search.again:
            return {}
        shown = self._shown(visit, desk, status)
        return {name: shown.get(name) for name in _GROWS}

    def remember(self, visit: Visit, desk: Desk) -> Desk:
        """What would be tried: worked out once for each start, not once a click."""
        if visit.dataset is None or not _asks(visit, desk):
            return desk
        start = _start(visit, desk)
        key = (visit.dataset.id, *(str(value) for value in start.values()))
        if desk.search.key == key:
            return desk
        try:
            return desk.to(search=replace(desk.search, key=key, proposal=visit.do("search-ranges", **start)))
        except UserError as error:
            return desk.to(search=replace(desk.search, key=(), proposal=None), notice=told(visit, error), at=self.name)

    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        if visit.dataset is None:
            return {}
        status = _status(visit)
        shown = {} if status is None or desk.search.again else self._shown(visit, desk, status)
        if _asks(visit, desk) and desk.search.proposal is not None and desk.plan is None:
            shown["search_form"] = _form(visit, desk)
        return shown

    def _shown(self, visit: Visit, desk: Desk, status: SearchStatus) -> dict[str, Any]:
        """A search as it stands."""
        words, job = visit.words, status.job
        shown: dict[str, Any] = {}
        if status.trials:
            shown |= {"search_coordinates": search_shown.picture(words, status), "search_influence": search_shown.what_mattered(words, status)}
        if job.state in LIVE:
            shown["search_progress"] = progress_of(visit, job, words("search.stop"))
            return shown
        if status.winner is not None:
            shown["search_winner"] = search_shown.winner(words, status)
        if desk.plan is None:
            again = Button(words("search.again"), "search-again", kind="plain" if status.winner is not None or status.can_resume else "primary")
            resume = (Button(words("search.resume"), "search-resume", {"job": job.id}),) if status.can_resume else ()
            train = (Button(words("search.train"), "search-winner", {"search": job.id}, "primary"),) if status.winner is not None else ()
            shown["search_bar"] = bar.Bar((*train, *resume, again))
        return shown | self.failure(visit, desk, job)


def _status(visit: Visit) -> SearchStatus | None:
    if visit.project is None:
        return None
    found: SearchStatus | None = visit.once("search-status", project=visit.project.project)
    return found


def _asks(visit: Visit, desk: Desk) -> bool:
    """Whether the form is to be seen: before the first search, and when another is wanted."""
    return visit.job("search") is None or desk.search.again


def _start(visit: Visit, desk: Desk) -> dict[str, Any]:
    """What is to be bettered: the recipe from the Method page, else that of the open training, else what the preset says."""
    assert visit.project is not None
    assert visit.dataset is not None
    start: dict[str, Any] = {"project": visit.project.project, "dataset": visit.dataset.id}
    if desk.recipe:
        return {**start, "recipe": desk.recipe}
    if visit.runs:
        return {**start, "from_run": visit.place.run or visit.runs[0].run.id}
    return {**start, "preset": desk.preset, **({"base_model": desk.model} if desk.model else {})}


def _form(visit: Visit, desk: Desk) -> search_form.SearchForm:
    words, proposal = visit.words, desk.search.proposal
    assert proposal is not None

    def label(name: str) -> str:
        return words.either(f"field.{name}", proposal.said[name]).removesuffix(".")

    settings = tuple(
        search_form.Setting(
            found.name,
            label(found.name),
            True,
            *(("", "", ", ".join(f"{value:g}" for value in found.among)) if found.among else _ends(found)),
        )  # fmt: skip
        for found in proposal.ranges
    )
    return search_form.SearchForm(
        title=words("search.title"), why=words("search.why"), act="search", settings=settings, low_label=words("search.low"),
        high_label=words("search.high"), among_label=words("search.among"), trials_label=words("search.trials"), trials=20,
        minutes_label=words("search.minutes"), minutes="", minutes_hint=words("search.minutes_hint"), more_label=words("search.more"),
        halving_label=words("search.halving"), halving_note=words("search.halving_note"), halving=True, samplers_label=words("search.samplers"),
        samplers=(
            Option("tpe", words("search.sampler.tpe"), words("search.sampler.tpe_note")),
            Option("random", words("search.sampler.random"), words("search.sampler.random_note")),
        ),
        sampler="tpe", others_note=words("search.others"), others_hint=words("search.others_hint"),
        others=tuple(search_form.Setting(name, label(name), False) for name in proposal.others),
        button=words("search.button"), note=words("search.note"),
    )  # fmt: skip


def _ends(found: Any) -> tuple[str, str]:
    return f"{found.low:g}", f"{found.high:g}"


def _search(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """Raises Asking, which shows the plan card."""
    ranges = _ranges(visit.words("search.nothing"), values)
    minutes = number_of(values, "minutes") if text_of(values, "minutes", 20).strip() else None
    visit.do(
        "search", **_start(visit, desk), ranges=ranges, trials=int(number_of(values, "trials")), minutes=minutes,
        sampler=text_of(values, "sampler", 20) or None, halving=values.get("halving") is True,
    )  # fmt: skip
    return Outcome(desk)


def _ranges(nothing: str, values: Mapping[str, Any]) -> dict[str, str]:
    """By setting, as an action takes it. Raises BadValue where nothing is ticked."""
    found: dict[str, str] = {}
    for key in values:
        kind, _, name = key.partition(" ")
        if kind == "on" and values[key] is True:
            among = text_of(values, f"among {name}", 200).strip()
            found[name] = among or "…".join(_plain(number_of(values, f"{end} {name}")) for end in ("low", "high"))
        elif kind == "other" and text_of(values, key, 200).strip():
            found[name] = text_of(values, key, 200).strip()
    if not found:
        raise BadValue(field="ranges", value=Sentence("bad.empty", "empty"), why=nothing)
    return found


def _plain(number: float) -> str:
    return str(int(number)) if math.floor(number) == number and abs(number) < 1e9 else repr(number)


def _resume(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    visit.do("resume-job", job=text_of(values, "job", 64))
    return Outcome(desk)


def _again(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk.to(search=replace(desk.search, again=True)))


def _winner(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """Raises Asking, which shows the plan card."""
    visit.do("train-winner", search=text_of(values, "search", 64))
    return Outcome(desk)
