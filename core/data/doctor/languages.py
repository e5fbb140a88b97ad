"""Rows in another language than the most. It tells seven languages by their most frequent words, and other scripts by their letters; short texts not at all."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, ClassVar

from core.data.doctor.base import MARK, TAKE_OUT, Check, CheckContext
from core.data.doctor.rows import facts
from core.data.doctor.wording import hashed_words
from core.sentence import Sentence
from storage.rows import Found

if TYPE_CHECKING:
    from core.data.doctor.rows import Rows
    from core.data.doctor.wording import Counts, Hashes

_WORDS = {
    "en": "the of and to in is that it was for on are with as his they at be this from have or by one had not but what all were when we there can an your which "
    "their said if do will each about how up out them then she many some so these would other into has more her two like him see my i you does did been who",
    "it": "di che il la e è per un in una non si da con del della le dei sono ho ha lo gli nel alla mi al come più anche se ma questo questa delle dal io ci cosa "
    "perché quando ti essere stato molto vorrei mio mia dopo fare quanto dove chi posso devo grazie sul nella",
    "de": "der die und das ist nicht ein ich sie mit den auf es zu eine dem für von im auch sich wie als bei aus wird oder einen hat nach wenn noch wir kann mein "
    "meine über nur werden haben wurde war durch einer zum zur bitte was sind habe",
    "fr": "le la les et des est un une du que pour dans qui sur pas avec au plus ce par je il elle vous nous ne se sont mais ou comme être cette son sa ses leur "
    "aux mon ma été fait à où avez quand votre très peut j'ai",
    "es": "el la los las de que y en un una es por con no para se del al lo como más pero su sus le ya o este sí porque esta entre cuando muy sin sobre también "
    "me hasta hay donde quien desde todo nos mi qué cómo puedo usted está son tengo",
    "nl": "de het een van en in is dat op te zijn niet met voor die er aan om ook als maar dan bij nog uit door naar heeft hij ze wat kan mijn ik je we worden "
    "deze wordt geen was heb hoe zou hebben waar",
    "pt": "o a os as de que e do da em um para é com não uma por mais dos como mas foi ao ele das tem à seu sua ou ser quando muito há nos já está eu também só "
    "pelo pela até isso ela entre era depois sem mesmo aos você meu minha",
}
_SCRIPTS = {
    "ru": "[\u0400-\u04ff]", "el": "[\u0370-\u03ff]", "ar": "[\u0600-\u06ff]", "he": "[\u0590-\u05ff]", "hi": "[\u0900-\u097f]", "ko": "[\uac00-\ud7af]",
    "ja": "[\u3040-\u30ff]", "zh": "[\u4e00-\u9fff]", "th": "[\u0e00-\u0e7f]",
}  # fmt: skip
_OTHER_SCRIPT = re.compile("[\u0370-\u06ff\u0900-\u097f\u0e00-\u0e7f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_LEAST_WORDS, _LEAST_MARGIN, _READ_CHARS, _SCRIPT_SHARE = 3, 2.0, 500, 0.3
_LEAST_TOLD = 20  # of fewer rows nobody can say which language is the usual one


class Languages(Check):
    name: ClassVar[str] = "languages"
    label: ClassVar[str] = "Rows in another language"
    why: ClassVar[str] = (
        "The model answers in the languages it learns from. A few rows in another one are mostly a slip; a real mix is fine if you want it."
    )
    term: ClassVar[str] = "language mix: en, it, de, fr, es, nl, pt by frequent words; other scripts by letters"
    mends: ClassVar = (MARK, TAKE_OUT)
    order: ClassVar[int] = 41
    cost: ClassVar[float] = 2.0

    def run(self, rows: "Rows", context: CheckContext) -> Iterator[Found | Sentence]:
        """A bundle for each language that is not the most frequent one."""
        alike = context.alike
        by_words = _by_words(alike.words, alike.counts)
        told: list[tuple[int, str]] = []
        for block in rows.blocks():
            for at, text in enumerate(block.questions if context.labelled else block.texts, block.start):
                language = _by_script(text) or by_words[at]
                if language is not None:
                    told.append((at, language))
        counts = Counter(language for _, language in told)
        if len(told) < _LEAST_TOLD:
            return
        usual = counts.most_common(1)[0][0]
        bundles = {language: number for number, language in enumerate(sorted(counts))}
        for at, language in told:
            if language != usual:
                yield Found(self.name, rows.positions[at], bundles[language], facts(language=language, usual=usual))


def language_of(text: str) -> str | None:
    """None where it cannot be told: too few of the words that it knows, or as many of two languages."""
    return _by_script(text) or _by_words(*hashed_words([[text]]))[0]


def _by_script(text: str) -> str | None:
    if text.isascii() or _OTHER_SCRIPT.search(text, 0, _READ_CHARS) is None:
        return None
    text = text[:_READ_CHARS]
    letters = max(1, sum(letter.isalpha() for letter in text))
    return next((language for language, pattern in _scripts().items() if len(pattern.findall(text)) > _SCRIPT_SHARE * letters), None)


def _by_words(words: "Hashes", counts: "Counts") -> "list[str | None]":
    """Of each text, from its words' hashes."""
    import numpy as np

    names, known, speakers = _frequent()
    places = np.minimum(np.searchsorted(known, words), len(known) - 1)
    hits = np.flatnonzero(known[places] == words)
    rows, said = np.repeat(np.arange(len(counts)), counts)[hits], speakers[places[hits]]
    scores = np.stack([np.bincount(rows[said >> bit & 1 == 1], minlength=len(counts)) for bit in range(len(names))])
    ordered = np.sort(scores, axis=0)
    sure = (ordered[-1] >= _LEAST_WORDS) & (ordered[-1] >= _LEAST_MARGIN * ordered[-2])
    return [names[best] if is_sure else None for best, is_sure in zip(scores.argmax(axis=0).tolist(), sure.tolist(), strict=True)]


@cache
def _frequent() -> "tuple[list[str], Hashes, Counts]":
    """The languages, the hashes of all their words in order, and for each word which languages (a bit each) say it."""
    import numpy as np

    spoken: dict[int, int] = {}
    for bit, words in enumerate(_WORDS.values()):
        for word in set(hashed_words([[words]])[0].tolist()):
            spoken[word] = spoken.get(word, 0) | 1 << bit
    ordered = sorted(spoken)
    return list(_WORDS), np.array(ordered, np.uint64), np.array([spoken[word] for word in ordered], np.int64)


@cache
def _scripts() -> dict[str, re.Pattern[str]]:
    return {language: re.compile(letters) for language, letters in _SCRIPTS.items()}
