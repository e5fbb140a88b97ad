"""Puts the pages together: one Gradio app, one way in for what people do, one way out for what they see."""

import logging
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from functools import partial
from typing import Any

import gradio as gr
from starlette.concurrency import iterate_in_threadpool

from core.errors import NotFound, Unexpected, UserError
from core.workshop import Workshop
from ui.bench import Bench, Shown
from ui.blocks import LightBlocks
from ui.companion import Companion
from ui.pages.data import DataPage
from ui.pages.evaluate import EvaluatePage
from ui.pages.export import ExportPage
from ui.pages.frame import FramePage
from ui.pages.method import MethodPage
from ui.pages.page import Asked, Desk, Outcome, Page, Stream, plan_view, text_of
from ui.pages.train import TrainPage
from ui.parts import assistant, place, steps, top
from ui.parts.notice import told
from ui.parts.part import shown
from ui.visit import Asking, Visit

TICK_S = 0.8
_FIRST_PART = 5  # of the outputs: before the pages' parts stand timer, place, top, steps and assistant
_WHERE_AND_BENCH = "(where, bench) => [bottega.where(), bench]"
_log = logging.getLogger(__name__)


def build(workshop: Workshop, hosted: bool = False) -> gr.Blocks:
    """The app over one workshop. The server mounts it behind its gate, which says whose each request is."""
    screen = Screen(workshop, hosted)
    with LightBlocks(title="Bottega", analytics_enabled=False, fill_width=True) as app:
        screen.layout()
        screen.bind(app)
    return app


class Screen:
    """Holds the components and the pages. What a visitor has in hand is on the bench in their gr.State; nothing of a person is kept here."""

    def __init__(self, workshop: Workshop, hosted: bool) -> None:
        self._workshop, self._hosted = workshop, hosted
        self._frame, self._companion = FramePage(), Companion()
        self._pages: tuple[Page, ...] = (DataPage(), MethodPage(), TrainPage(), EvaluatePage(), ExportPage())
        self._parts: dict[tuple[str, str], gr.HTML] = {}

    def layout(self) -> None:
        self._bench, self._timer = gr.State(Bench()), gr.Timer(TICK_S, active=False)
        self._place, self._top = place.place(), top.top()
        with gr.Row(elem_id="frame"):
            with gr.Column(elem_id="work"):
                self._steps = steps.steps()
                self._add(self._frame)
                for page in self._pages:
                    with gr.Column(elem_id=f"panel-{page.name}", elem_classes="panel"):
                        self._add(page)
            with gr.Column(elem_id="companion"):
                self._assistant = assistant.assistant()

    def _add(self, page: Page) -> None:
        for name, made in page.layout().items():
            self._parts[page.name, name] = made

    def bind(self, app: gr.Blocks) -> None:
        outputs = [self._timer, self._place, self._top, self._steps, self._assistant, *self._parts.values()]
        # What goes on is told to every part that shows progress, hidden or not, and each then copies all that it holds: a tenth of a second a click.
        hidden: dict[str, Any] = {"show_progress": "hidden", "show_progress_on": [self._place], "api_visibility": "private"}
        quiet = {"queue": False, **hidden}
        app.load(self._arrive, [self._place, self._bench], outputs, js=_WHERE_AND_BENCH, **quiet)
        self._timer.tick(self._tick, [self._place, self._bench], outputs, js=_WHERE_AND_BENCH, **quiet)
        sources = [(self._frame, "top", self._top), (self._frame, "steps", self._steps), (self._companion, "assistant", self._assistant)]
        sources += [(self._page(owner), name, made) for (owner, name), made in self._parts.items() if made.js_on_load]
        for page, name, made in sources:
            # Keys are pressed more quickly than answers come. "once" drops what comes meanwhile, "always_last" all but one of them.
            made.act(self._acting(page, name), [self._bench], outputs, trigger_mode="multiple", **quiet)
            if touched := page.looks(name):
                few = [self._parts[page.name, part] for part in touched]
                made.look(self._looking(page, name, touched), [self._bench], few, trigger_mode="multiple", **quiet)
            if streamed := page.streams().get(name):
                made.ask(self._streaming(streamed), [self._bench], [made], concurrency_limit=4, **hidden)

    def _page(self, name: str) -> Page:
        return next(page for page in (self._frame, *self._pages) if page.name == name)

    async def _arrive(self, where: Any, bench: Bench, request: gr.Request) -> list[Any]:
        """A page load: a reload, a copied link, a first visit."""
        return await bench.do(lambda desk: self._safely(where, request, desk, lambda visit: self._arrived(visit, desk)))

    def _arrived(self, visit: Visit, desk: Desk) -> Shown:
        """A link to a training that is not there any more opens the page with the newest one, and says so."""
        try:
            return self._screen(visit, desk, arriving=True)
        except NotFound as error:
            if visit.place.run is None:
                raise
            return self._screen(visit.at(run=None), desk.to(notice=told(visit, error), at="frame"), go={"run": ""}, arriving=True)

    async def _tick(self, where: Any, bench: Bench, request: gr.Request) -> list[Any]:
        """While something goes on: the open page again. What was pressed comes before it."""
        if bench.busy:
            return [gr.skip()] * (_FIRST_PART + len(self._parts))
        return await bench.do(lambda desk: self._safely(where, request, desk, lambda visit: self._grown(visit, desk)))

    def _acting(self, page: Page, part: str) -> Callable[..., Coroutine[Any, Any, list[Any]]]:
        async def act(bench: Bench, event: gr.EventData, request: gr.Request) -> list[Any]:
            data = event._data if isinstance(event._data, Mapping) else {}
            values = data.get("values")
            wished, given = text_of(data, "act", 40), values if isinstance(values, Mapping) else {}

            def answered(desk: Desk) -> Shown:
                return self._safely(data.get("place"), request, desk, lambda visit: self._done(visit, page, part, desk, wished, given))

            return await bench.do(answered)

        return act

    def _looking(self, page: Page, part: str, touched: tuple[str, ...]) -> Callable[..., Coroutine[Any, Any, list[Any]]]:
        """The same for what is done often: only these parts are answered."""
        act, places = self._acting(page, part), list(self._parts)
        wanted = [_FIRST_PART + places.index((page.name, name)) for name in touched]

        async def look(bench: Bench, event: gr.EventData, request: gr.Request) -> list[Any]:
            answered = await act(bench, event, request)
            return [answered[at] for at in wanted]

        return look

    def _streaming(self, streamed: Stream) -> Callable[..., AsyncIterator[Any]]:
        async def stream(bench: Bench, event: gr.EventData, request: gr.Request) -> AsyncIterator[Any]:
            data = event._data if isinstance(event._data, Mapping) else {}
            values = data.get("values")
            visit = Visit.of(self._workshop, request, data.get("place"), hosted=self._hosted)
            growing = streamed(visit, bench.desk, values if isinstance(values, Mapping) else {})
            async for asked, value in iterate_in_threadpool(growing):
                yield (await bench.do(partial(_grown_answer, asked, value)))[0]

        return stream

    def _done(self, visit: Visit, page: Page, part: str, desk: Desk, wished: str, values: Mapping[str, Any]) -> Shown:
        slot, clean = page.slot_of(part), desk.cleared()
        try:
            outcome = self._handled(visit, page, clean, wished, values)
        except Asking as asking:
            outcome = Outcome(clean.to(plan=plan_view(visit.words, asking), at=slot))
        except UserError as error:
            outcome = Outcome(clean.to(notice=told(visit, error), at=slot))
        moved = {name: value or None for name, value in (outcome.go or {}).items()}
        if outcome.only:
            return outcome.desk, [*[gr.skip()] * _FIRST_PART, *self._some(page, page.show_only(visit, outcome.desk, outcome.only), outcome.desk)]
        return self._screen(visit.at(**moved), outcome.desk, go=outcome.go)

    def _grown(self, visit: Visit, desk: Desk) -> Shown:
        """While the same jobs go on, only what grows; once one has ended or begun, the whole page. The desk is a handler's to change."""
        page = self._open(visit)
        grown = page.growing(visit, desk) if visit.live == desk.live else None
        if grown is None:
            return self._screen(visit, desk, ticking=True)
        parts = (shown(grown[key[1]]) if key[0] == page.name and key[1] in grown else gr.skip() for key in self._parts)
        return desk, [*[gr.skip()] * _FIRST_PART, *parts]

    def _some(self, page: Page, values: Mapping[str, Any], desk: Desk) -> list[Any]:
        """These parts of a page and the notice of its slots; the others keep what they show."""
        slots = {f"notice_{slot}": desk.notice if slot == desk.at else None for slot in page.told_slots()}
        wanted = {**slots, **values}
        return [shown(wanted[key[1]]) if key[0] == page.name and key[1] in wanted else gr.skip() for key in self._parts]

    def _open(self, visit: Visit) -> Page:
        return next(page for page in self._pages if page.name == visit.place.step)

    def _handled(self, visit: Visit, page: Page, desk: Desk, wished: str, values: Mapping[str, Any]) -> Outcome:
        handler = page.handlers().get(wished) or self._frame.handlers().get(wished)
        if handler is not None:
            return handler(visit, desk, values)
        return page.agree(visit, desk, values) if wished == "approve" else Outcome(desk)

    def _safely(self, where: Any, request: gr.Request, desk: Desk, show: Callable[[Visit], Shown]) -> Shown:
        """The app is a door: what goes wrong in our own code is told with a number, and its details go to the log."""
        visit = Visit.of(self._workshop, request, where, hosted=self._hosted)
        try:
            return show(visit)
        except Exception as error:  # noqa: BLE001  # the door of the screen: nothing may end as a stack trace before a person
            if not isinstance(error, UserError):
                reference = secrets.token_hex(4)
                _log.exception("fault %s", reference)
                error = Unexpected(reference=reference, log=visit.words("notice.log"))
            # Nothing else is asked of the workshop now: it may be what failed.
            slot = {("frame", "notice_frame"): shown(told(visit, error))}
            return desk.to(notice=told(visit, error), at="frame"), [*[gr.skip()] * _FIRST_PART, *(slot.get(key, gr.skip()) for key in self._parts)]

    def _screen(self, visit: Visit, desk: Desk, *, go: Mapping[str, str] | None = None, arriving: bool = False, ticking: bool = False) -> Shown:
        """The values of all outputs. Only the open page is worked out; the others keep what they show until they are opened."""
        page = self._open(visit)
        settled = page.settle(visit, desk)
        if settled is not None:
            visit, desk = visit.at(), settled
        waits = page.waits(visit)
        desk = page.remember(visit, desk).to(live=None if waits else visit.live)
        values = {(page.name, name): value for name, value in page.show(visit, desk).items()}
        for owner in (self._frame.name, page.name):
            values |= {(owner, f"notice_{desk.at}"): desk.notice, (owner, f"plan_{desk.at}"): desk.plan}
        parts = [shown(values.get(key)) if key[0] in (self._frame.name, page.name) else gr.skip() for key in self._parts]
        side = gr.skip() if ticking else shown(self._companion.view(visit, desk))
        bar = gr.skip() if ticking else shown(self._frame.bar_of(visit))
        return desk, [
            gr.Timer(active=bool(visit.live) or waits),
            self._moves(visit, go, arriving),
            bar,
            shown(self._frame.tabs_of(visit)),
            side,
            *parts,
        ]

    def _moves(self, visit: Visit, go: Mapping[str, str] | None, arriving: bool) -> Any:
        project = visit.project
        title = " · ".join([visit.words(f"step.{visit.place.step}"), *([project.name] if project else []), "Bottega"])
        if go is None and not arriving:
            return gr.skip()
        opened = dict(go or {})
        if project is not None and visit.place.project is None:
            opened["project"] = project.project
        return shown(place.Moves(title, secrets.randbits(32), bool(opened), opened, "push" if go and not arriving else "replace"))


def _grown_answer(asked: Asked, value: Any, desk: Desk) -> Shown:
    """Of the desk only what is asked: other things are done while an answer grows."""
    return desk.to(asked=asked), [shown(value)]
