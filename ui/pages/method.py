"""Method: what the model is to learn, how thorough, which model; the whole recipe under it, and what it will take before it starts."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import gradio as gr

from core.actions.method import RecipeCard
from core.actions.train import EstimateCard
from core.errors import UserError
from ui.pages import catalogue_list, fit
from ui.pages.method_guide import guide_of, settings_of
from ui.pages.page import Desk, Handler, Outcome, Page, done, text_of
from ui.pages.recipe_form import brought_of, changes_of, form_of
from ui.pages.working import progress_of
from ui.parts import bar, catalogue, choice, coach, facts, guide, lead, notice, plan, progress, recipe, settings
from ui.parts.part import Button, Option
from ui.visit import Visit

PRESETS = ("quick", "balanced", "thorough")


class MethodPage(Page):
    name: ClassVar[str] = "method"
    slots: ClassVar[Mapping[str, str]] = {
        "task": "method", "preset": "method", "model": "method", "advice": "method", "fit": "method", "bar": "method", "progress": "method", "plan_method": "method",
        "ways": "recipe", "way": "recipe", "recipe": "recipe", "bring_recipe": "recipe",
        "catalogue": "models", "plan_models": "models", "notice_method": "method", "notice_recipe": "recipe", "notice_models": "models",
    }  # fmt: skip

    def layout(self) -> dict[str, gr.HTML]:
        return {
            "lead": lead.lead(),
            "task": choice.choice(),
            "preset": choice.choice(),
            "model": choice.choice(),
            "advice": coach.coach(),
            "facts": facts.facts(),
            "fit": choice.choice(),
            "progress": progress.progress(),
            "notice_method": notice.notice(),
            "plan_method": plan.plan(),
            "bar": bar.bar(),
            "notice_recipe": notice.notice(),
            "ways": guide.guide(),
            "way": settings.settings(),
            "recipe": settings.settings(),
            "bring_recipe": recipe.bring_recipe(),
            "notice_models": notice.notice(),
            "plan_models": plan.plan(),
            "catalogue": catalogue.catalogue(),
        }

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "task": _task, "preset": _preset, "model": _model, "ways": _recipe, "recipe": _recipe, "recipe-text": _recipe_text,
            "bring-recipe": _bring_recipe, "measure": _measure, "remedy": _remedy, "train": _train,
            "to-data": _to_data, **catalogue_list.HANDLERS,
        }  # fmt: skip

    def approved(self, visit: Visit, desk: Desk, verb: str, result: Any) -> Outcome:
        if verb == "train":
            return Outcome(Desk(), {"step": "train", "run": result.id})
        return Outcome(desk)

    def growing(self, visit: Visit, desk: Desk) -> dict[str, Any] | None:
        return {"progress": progress_of(visit, visit.at_work("probe", "download"))}

    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        words = visit.words
        if visit.dataset is None:
            return {
                "lead": lead.Lead(words("method.no_data"), words("method.no_data_quiet")),
                "bar": bar.Bar((Button(words("method.to_data"), "to-data", kind="primary"),)),
            }
        shown: dict[str, Any] = {"lead": lead.Lead(words("method.lead"), words("method.quiet")), "task": _tasks(visit), "model": _models(visit, desk)}
        shown |= {"preset": _presets(visit, desk), "catalogue": catalogue_list.list_of(visit)}
        shown["bring_recipe"] = brought_of(visit, desk.recipe_brought)
        try:
            card, found = _card(visit, desk), visit.do("estimate", **_asked(visit, desk))
        except UserError as error:
            return shown | {"advice": coach.Coach("bad", words("method.advice"), words.error(error))}
        methods = visit.do("methods", base_model=card.recipe.base_model)
        shown |= {"facts": _facts(visit, found), "ways": guide_of(visit, card, methods), "way": settings_of(visit, card, methods)}
        shown["recipe"] = form_of(visit, card, methods)
        visit.do("get-ready")
        shown["fit"] = fit.choice_of(visit, _asked(visit, desk), found)
        shown["bring_recipe"] = brought_of(visit, desk.recipe_brought, card)
        shown["advice"] = coach.Coach("good" if card.suited else "warn", words("method.advice"), words.say(card.advice))
        shown["progress"] = progress_of(visit, visit.at_work("probe", "download"))
        if desk.plan is None:
            measure = () if found.estimate.seconds is not None or found.probe else (Button(words("method.measure"), "measure"),)
            shown["bar"] = bar.Bar((Button(words("method.train"), "train", kind="primary"), *measure))
        return shown


def _tasks(visit: Visit) -> choice.Choice:
    words, project = visit.words, visit.project
    assert project is not None
    cards = visit.do("tasks", project=project.project)
    chosen = project.task or next((card.name for card in cards if card.proposed), "")
    options = tuple(
        Option(card.name, words.either(f"task.{card.name}", card.label), words.either(f"task.{card.name}_note", card.explanation)) for card in cards
    )
    return choice.Choice(words("method.task"), "task", options, chosen, "task")


def _presets(visit: Visit, desk: Desk) -> choice.Choice:
    words = visit.words
    chosen = "" if desk.recipe else desk.preset
    note = words("method.own_recipe") if desk.recipe else ""
    return choice.Choice(words("method.preset"), "preset", tuple(_preset_option(visit, desk, name) for name in PRESETS), chosen, "preset", note)


def _preset_option(visit: Visit, desk: Desk, name: str) -> Option:
    words, project = visit.words, visit.project
    assert project is not None
    try:
        seconds = visit.do("estimate", project=project.project, preset=name, base_model=desk.model or None).estimate.seconds
    except UserError:
        seconds = None
    note = words(f"preset.{name}_note") + (" " + words("method.at_most", time=words.time(seconds)) if seconds else "")
    return Option(name, words(f"preset.{name}"), note)


def _models(visit: Visit, desk: Desk) -> choice.Choice | None:
    words, here = visit.words, visit.do("models").here
    if len(here) < 2:
        return None
    options = []
    for card in here:
        name = words("method.starter") if card.name == "starter" else card.name
        note = card.fault or words("method.model_note", size=words.size(card.size_bytes))
        options.append(Option(card.name, name, note, disabled=card.fault is not None))
    return choice.Choice(words("method.model"), "model", tuple(options), desk.model or here[0].name, "model")


def _facts(visit: Visit, found: EstimateCard) -> list[facts.Fact]:
    words, estimate = visit.words, found.estimate
    takes = words.time(estimate.seconds) if estimate.seconds is not None else words("method.unmeasured")
    note = words("method.measured") if estimate.seconds is not None else words("method.unmeasured_note")
    room = words("method.free", size=words.size(estimate.memory_free_bytes))
    return [
        facts.Fact(words("method.time"), takes, note, "measured by a short probe"),
        facts.Fact(words("method.memory"), words.size(estimate.memory_bytes), room, "peak resident memory"),
        facts.Fact(
            words("method.disk"),
            words.size(estimate.disk_bytes),
            words("method.free", size=words.size(estimate.disk_free_bytes)),
            "checkpoints and model",
        ),
        facts.Fact(words("method.steps"), words.number(estimate.steps), words("method.steps_note"), "optimiser steps"),
    ]


def _card(visit: Visit, desk: Desk) -> RecipeCard:
    if desk.recipe:
        assert visit.project is not None
        return visit.do("edit-recipe", recipe=desk.recipe, project=visit.project.project)
    asked = _asked(visit, desk)
    return visit.do("recipe", **asked)


def _asked(visit: Visit, desk: Desk) -> dict[str, Any]:
    """The values that a training of what stands on the page has."""
    assert visit.project is not None
    if desk.recipe:
        return {"project": visit.project.project, "recipe": desk.recipe}
    return {"project": visit.project.project, "preset": desk.preset, "base_model": desk.model or None}


def _task(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    if visit.project is not None:
        visit.do("choose-task", project=visit.project.project, task=text_of(values, "task", 40))
    return Outcome(desk.to(recipe=""))


def _preset(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    preset = text_of(values, "preset", 20)
    return Outcome(desk.to(preset=preset if preset in PRESETS else "quick", recipe=""))


def _model(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk.to(model=text_of(values, "model", 200), recipe=""))


def _recipe(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """Also another way to train, first with settings of its own; the same way again takes the settings that stand under it."""
    card = _card(visit, desk)
    changed = visit.do("edit-recipe", recipe=card.toml, changes=changes_of(card, visit.do("methods"), values))
    return Outcome(done(visit, desk.to(recipe=changed.toml), "recipe", "recipe.used"))


def _recipe_text(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    changed = visit.do("edit-recipe", recipe=text_of(values, "text"))
    return Outcome(done(visit, desk.to(recipe=changed.toml), "recipe", "recipe.used"))


def _bring_recipe(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """What came stands in the form at once; where its model is not here, the page's own model learns until it is."""
    assert visit.project is not None
    asked = {"text": text_of(values, "text"), "project": visit.project.project}
    card = visit.do("import-recipe", **asked)
    if card.blocked is not None:
        here = visit.do("models").here
        used = visit.do("import-recipe", **asked, base_model=desk.model or here[0].name) if here else card
        return Outcome(desk.to(recipe=used.toml, recipe_brought=replace(used, blocked=card.blocked, notes=card.notes)))
    return Outcome(desk.to(recipe=card.toml, recipe_brought=card))


def _measure(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    visit.do("probe", **_asked(visit, desk))
    return Outcome(desk)


def _remedy(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    card = _card(visit, desk)
    return Outcome(
        done(visit, desk.to(recipe=fit.remedied(visit, _asked(visit, desk), card, text_of(values, "remedy", 40))), "method", "remedy.used")
    )


def _train(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """Asks first: what comes back is the plan card."""
    visit.do("train", **_asked(visit, desk))
    return Outcome(desk)


def _to_data(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk, {"step": "data"})
