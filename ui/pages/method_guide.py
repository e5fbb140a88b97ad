"""The ways to train: each with the case in which it is the right one and what it takes on this machine; then the chosen one's own settings."""

from core.actions.method import MethodCard, RecipeCard
from ui.pages.recipe_form import own_fields
from ui.parts.guide import Group, Guide, Way
from ui.parts.part import Button
from ui.parts.settings import Settings
from ui.visit import Visit
from ui.words import Words


def guide_of(visit: Visit, card: RecipeCard, methods: tuple[MethodCard, ...]) -> Guide:
    """The usual ones first; those for particular cases are folded unless one of them is chosen."""
    words, chosen = visit.words, card.recipe.method
    usual = tuple(_way(words, one, chosen) for one in methods if one.usual)
    others = tuple(_way(words, one, chosen) for one in methods if not one.usual)
    lead = (*(words.say(one.why) for one in methods if one.why is not None), words("method.all_leave"))
    groups = (Group(usual), Group(others, words("method.ways_others"), any(way.chosen for way in others)))
    return Guide("ways", words("method.ways"), words("method.ways_quiet"), " ".join(lead), groups)


def settings_of(visit: Visit, card: RecipeCard, methods: tuple[MethodCard, ...]) -> Settings | None:
    """Of the chosen method alone; None for one that has none."""
    words, name = visit.words, card.recipe.method
    fields = own_fields(words, card, methods)
    if not fields:
        return None
    label = next(words.either(f"method.{one.name}", one.label) for one in methods if one.name == name)
    return Settings(
        name="way",
        title=words("method.way", name=label),
        act="ways",
        fields=fields,
        quiet=words("method.way_quiet"),
        button=words("recipe.use"),
        values={"method": name},
    )


def _way(words: Words, one: MethodCard, chosen: str) -> Way:
    is_chosen = one.name == chosen
    tags = (words("method.in_use"),) if is_chosen else ()
    if one.why is not None:
        tags = (*tags, words("method.proposed"))
    facts = () if one.usual_export else (words.say(one.export),)
    if one.share is not None and one.memory_bytes is not None:
        learns = words("method.learns_all") if one.share == 1 else words("method.learns", share=one.share)
        facts = (learns, words("method.takes", size=one.memory_bytes), *facts)
    return Way(
        name=words.either(f"method.{one.name}", one.label),
        when=words.either(f"method.{one.name}_when", one.when),
        what=words.either(f"method.{one.name}_note", one.explanation),
        facts=" ".join(facts),
        button=None if is_chosen else Button(words("method.ways_use"), "ways", {"method": one.name}),
        tags=tags,
        warning=words("method.fits_not") if one.fits is False else "",
        source=one.paper,
        chosen=is_chosen,
    )
