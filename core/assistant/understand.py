"""From a sentence to what is meant, without a network: words that must be there, words that must not, and the values said along.

It never guesses: a sentence that fits nothing, or two things equally well, is Nothing, with the three nearest things that could be said.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher, get_close_matches
from functools import cache
from importlib import resources
from typing import Any

LANGUAGES = ("en", "it")
PRESETS = ("quick", "balanced", "thorough")
TASKS = ("extraction", "summarisation", "classification", "generation")
MIN_TYPO_LENGTH = 5
TYPO_CUTOFF = 0.79
QUOTED = re.compile(r"[\"“”«»„]([^\"“”«»„]{1,2000})[\"“”«»]|(?<!\w)'([^']{2,2000})'(?!\w)")
PERCENT = re.compile(r"(\d{1,2}(?:[.,]\d+)?)\s*(?:%|percent|per cento|per cent)")
PRECISIONS = re.compile(r"\b(int4|int8|fp32|fp16)\b")
THREE_SHARES = re.compile(r"\b(\d{1,2})\s*/\s*(\d{1,2})\s*/\s*(\d{1,2})\b")  # training / validation / test
SEED = re.compile(r"\bseed\s*(?:=|is|of|:)?\s*(\d{1,9})\b")


@dataclass(frozen=True)
class Meant:
    """An intent with the values that were said. `language` is the one it was said in."""

    intent: str
    values: Mapping[str, Any] = field(default_factory=dict)
    language: str = "en"


@dataclass(frozen=True)
class Nothing:
    """Not understood; `nearest` are sentences that would be."""

    nearest: tuple[str, ...]
    language: str = "en"


@dataclass(frozen=True)
class Intent:
    """A row of a phrase file: see the head of phrases/en.toml."""

    name: str
    needs: tuple[frozenset[str], ...]
    never: frozenset[str]
    helps: frozenset[str]
    whole: tuple[str, ...]
    examples: tuple[str, ...]

    def score(self, words: frozenset[str], sentence: str) -> int:
        """0: not meant."""
        if sentence in self.whole:
            return 100
        if self.whole or self.never & words or not all(group & words for group in self.needs):
            return 0
        return 4 * len(self.needs) + 2 * sum(len(group & words) for group in self.needs) + len(self.helps & words)


@dataclass(frozen=True)
class Phrases:
    """A language's intents, its yes and no, and the words of its values."""

    intents: tuple[Intent, ...]
    yes: tuple[str, ...]
    no: tuple[str, ...]
    values: Mapping[str, tuple[str, ...]]
    vocabulary: tuple[str, ...]


@cache
def phrases(language: str) -> Phrases:
    """The phrase file of a language, read once."""
    raw = tomllib.loads(resources.files("core.assistant").joinpath(f"phrases/{language}.toml").read_text(encoding="utf-8"))
    intents = tuple(
        Intent(
            name,
            tuple(frozenset(group.split("|")) for group in row["needs"]),
            frozenset(filter(None, row.get("never", "").split("|"))),
            frozenset(filter(None, row.get("helps", "").split("|"))),
            tuple(row.get("whole", ())),
            tuple(row["examples"]),
        )
        for name, row in raw["intents"].items()
    )
    values = {name: tuple(words.split("|")) for name, words in raw["values"].items()}
    known = {word for intent in intents for words in (*intent.needs, intent.never, intent.helps) for word in words}
    known |= {word for words in values.values() for phrase in words for word in phrase.split()}
    return Phrases(intents, tuple(raw["answers"]["yes"]), tuple(raw["answers"]["no"]), values, tuple(sorted(known)))


def understand(text: str, language: str = "en") -> Meant | Nothing:
    """What `text` means. The visitor's language is tried first, then the others."""
    order = (language, *(other for other in LANGUAGES if other != language))
    for candidate in order:
        if (meant := _in_language(text, candidate)) is not None:
            return meant
    return Nothing(_nearest(text, language), language)


def _in_language(text: str, language: str) -> Meant | None:
    known = phrases(language)
    quoted = QUOTED.search(text)
    spoken = folded(QUOTED.sub(" ", text) if quoted else text)
    bare = re.sub(r"[^\w %]", " ", spoken.replace("'", " '")).replace("'", "")
    bare = " ".join(bare.split())
    for answer, sentences in (("yes", known.yes), ("no", known.no)):
        if bare in sentences or spoken.strip(" .!") in sentences:
            return Meant(answer, {}, language)
    words = mended(bare.split(), known.vocabulary)
    scores = sorted(((intent.score(frozenset(words), " ".join(words)), intent.name) for intent in known.intents), reverse=True)
    (best, name), (second, _) = scores[0], scores[1]
    if not best or best == second:
        return None
    said = quoted.group(1) or quoted.group(2) if quoted else None
    return Meant(name, _values(name, text, spoken, words, said, known), language)


def folded(text: str) -> str:
    """Lower case, without accents."""
    return "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char)).replace("’", "'")


def mended(words: Sequence[str], vocabulary: Sequence[str]) -> list[str]:
    """Words that are nearly one of the vocabulary become it; short words are left alone, since a letter makes another word of them."""
    known = set(vocabulary)
    return [
        word if word in known or len(word) < MIN_TYPO_LENGTH else next(iter(get_close_matches(word, vocabulary, 1, TYPO_CUTOFF)), word)
        for word in words
    ]


def _values(intent: str, text: str, spoken: str, words: Sequence[str], quoted: str | None, known: Phrases) -> dict[str, Any]:
    said = set(words)
    if intent == "train":
        return {"preset": preset} if (preset := _one_of(PRESETS, said, known)) else {}
    if intent == "choose_task":
        return {"task": task} if (task := _one_of(TASKS, said, known)) else {}
    if intent == "export":
        return {"precision": found.group(1)} if (found := PRECISIONS.search(spoken)) else {}
    if intent == "compare":
        text_after = re.search(r"(?:\bon\b|\bsu\b|:)\s*(.+)$", text, re.IGNORECASE | re.DOTALL)
        question = quoted or (text_after.group(1).strip() if text_after else None)
        return ({"question": question} if question else {}) | ({"blind": True} if said & set(known.values["blind"]) else {})
    if intent == "split":
        return _split_values(spoken, known)
    if intent == "import":
        return {"sealed": True} if said & set(known.values["sealed"]) else {}
    return {}


def _split_values(spoken: str, known: Phrases) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if (three := THREE_SHARES.search(spoken)) and sum(map(int, three.groups())) == 100:
        return {"validation_share": int(three.group(2)) / 100, "test_share": int(three.group(3)) / 100}
    for found in PERCENT.finditer(spoken):
        share = float(found.group(1).replace(",", ".")) / 100
        around = spoken[max(0, found.start() - 24) : found.end() + 24].split(",")[0]
        after = spoken[found.end() : found.end() + 24]
        near = after if any(word in after for word in (*known.values["validation"], "test", "prova")) else around
        values["validation_share" if any(word in near for word in known.values["validation"]) else "test_share"] = share
    if found_seed := SEED.search(spoken):
        values["seed"] = int(found_seed.group(1))
    together = "|".join(sorted(map(re.escape, known.values["together"]), key=len, reverse=True))
    if found_column := re.search(rf"\b(?:{together})\s+(?:the\s+|same\s+|lo\s+|la\s+|il\s+)?([a-z_][\w-]{{2,}})", spoken):
        word = found_column.group(1)
        if word not in {"cento", "cent", "percent", "test", "prova", "validation", "validazione", "the"}:
            values["keep_together"] = word
    return values


def _one_of(names: Sequence[str], said: set[str], known: Phrases) -> str | None:
    """The value whose words were said, if it is only one."""
    found = [name for name in names if said & set(known.values[name])]
    return found[0] if len(found) == 1 else None


def _nearest(text: str, language: str) -> tuple[str, ...]:
    """The three example sentences most alike in letters."""
    spoken = folded(text)
    examples = [example for intent in phrases(language).intents for example in intent.examples]
    ranked = sorted(examples, key=lambda example: SequenceMatcher(None, spoken, folded(example)).ratio(), reverse=True)
    return tuple(ranked[:3])
