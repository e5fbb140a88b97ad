"""The frame around the pages: which project, which step, which language; and the steps' state in words."""

from collections.abc import Mapping
from typing import Any, ClassVar

import gradio as gr

from storage.rows import LIVE
from ui.client import STEPS
from ui.pages.page import Desk, Handler, Outcome, Page, done, text_of
from ui.parts import notice, plan, steps, top
from ui.parts.part import Button, Option
from ui.visit import Visit

LANGUAGES = (Option("en", "EN", "English"), Option("it", "IT", "Italiano"))
_JOBS_OF = {"data": ("import",), "method": (), "train": ("train", "probe"), "evaluate": ("evaluate",), "export": ("export",)}


class FramePage(Page):
    name: ClassVar[str] = "frame"
    slots: ClassVar[Mapping[str, str]] = {"top": "frame", "steps": "frame", "notice_frame": "frame", "plan_frame": "frame"}

    def layout(self) -> dict[str, gr.HTML]:
        """Only the slot; the bar and the steps stand outside the work column and are made by the app."""
        return {"notice_frame": notice.notice(), "plan_frame": plan.plan()}

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "go": _go,
            "language": _go,
            "project": _open_project,
            "new-project": _new_project,
            "rename-project": _rename_project,
            "delete-project": _delete_project,
            "stop-job": _stop,
        }

    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        return {}

    def approved(self, visit: Visit, desk: Desk, verb: str, result: Any) -> Outcome:
        return Outcome(
            done(visit, Desk(), "frame", "frame.deleted", name=result.name), {"project": "", "step": "data", "run": "", "verdict": "", "package": ""}
        )

    def bar_of(self, visit: Visit) -> top.Top:
        words, open_ = visit.words, visit.project
        more = () if open_ is None else (Button(words("frame.delete_project"), "delete-project", {"project": open_.project}, "link"),)
        return top.Top(
            project=open_.name if open_ else words("frame.no_project"),
            chosen=open_.project if open_ else "",
            chooser=words("frame.projects"),
            projects=tuple(Option(known.project, known.name, words("frame.project_note", count=known.contents.examples)) for known in visit.projects),
            new_label=words("frame.new_label"),
            new_hint=words("frame.new_hint"),
            new_button=words("frame.new_button"),
            rename_label=words("frame.rename_label"),
            rename_button=words("frame.rename_button"),
            more=more,
            save_label=words("frame.save_project"),
            save_link=f"/api/projects/{open_.project}/saved" if open_ else "",
            place=words("frame.hosted" if visit.hosted else "frame.local"),
            place_note=words("frame.hosted_note" if visit.hosted else "frame.local_note"),
            language=visit.place.language,
            language_label=words("frame.language"),
            languages=LANGUAGES,
            theme_label=words("frame.theme"),
        )

    def tabs_of(self, visit: Visit) -> steps.Steps:
        return steps.Steps(visit.words("frame.steps"), tuple(self._step(visit, name) for name in STEPS))

    def _step(self, visit: Visit, name: str) -> steps.Step:
        words = visit.words
        held = visit.project.contents if visit.project else None
        has = {
            name: bool(held and count)
            for name, count in zip(STEPS, (held.datasets, held.runs, held.runs, held.verdicts, held.packages) if held else (0,) * 5, strict=True)
        }
        needs = {"data": "", "method": "data", "train": "data", "evaluate": "train", "export": "train"}[name]
        if any(job.kind in _JOBS_OF[name] and job.state in LIVE for job in visit.jobs):
            state = "running"
        elif has[name]:
            state = "done"
        elif needs and not has[needs]:
            state = "waiting"
        else:
            state = "open"
        word = words(f"frame.state.{state}") if state != "waiting" else words(f"frame.state.waiting_{needs}")
        return steps.Step(name, words(f"step.{name}"), state, word)


def _go(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk)


def _open_project(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(Desk(), {"project": text_of(values, "project", 64), "run": "", "verdict": "", "package": ""})


def _new_project(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    made = visit.do("create-project", name=text_of(values, "name", 120))
    return Outcome(Desk(), {"project": made.id, "step": "data", "run": "", "verdict": "", "package": ""})


def _rename_project(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    if visit.project is not None:
        visit.do("rename-project", project=visit.project.project, name=text_of(values, "name", 120))
    return Outcome(desk)


def _stop(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """Whatever is at work, on whichever page it is seen."""
    visit.do("stop-job", job=text_of(values, "job", 64))
    return Outcome(desk)


def _delete_project(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    visit.do("delete-project", project=text_of(values, "project", 64))
    return Outcome(desk)
