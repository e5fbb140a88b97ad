"""Answers proposed for rows that have none, from those that have one; and which rows are worth answering first."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.data.labelling.settings import AT_ONCE, LEAST_TO_MEASURE, How, Learned
from core.data.statistics import wilson

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

CheckStop = Callable[[], None]
_LEAST_TO_LEARN = 8  # rows below which the nearest answered row says more than a fit
_POOL = 10 * AT_ONCE  # the least certain rows, of which the most different ones are taken
_SPREAD_POOL = 600  # while nothing is known, so many of all rows
_MOST_FEATURES = 40_000
_MOST_MEASURED = 2_000
_FOLDS = 5
_LIKE_ENOUGH = 0.5  # below, another text's free answer would be noise


@dataclass(frozen=True)
class Answered:
    position: int
    text: str
    answer: str


@dataclass(frozen=True)
class Open:
    position: int
    text: str


@dataclass(frozen=True)
class Suggested:
    """`order` 0 comes first. `answer` None: nothing is known to propose."""

    position: int
    answer: str | None
    certainty: float | None
    order: int


def suggest(answered: Sequence[Answered], open_: Sequence[Open], how: How, check_stop: CheckStop) -> list[Suggested]:
    """One a row without an answer. The first twenty are those that teach most: unsure, and unlike each other."""
    if not open_:
        return []
    features = _features([*(row.text for row in answered), *(row.text for row in open_)])
    if features is None:
        return [Suggested(row.position, None, None, order) for order, row in enumerate(open_)]
    known, wanted = features[: len(answered)], features[len(answered) :]
    check_stop()
    if how is How.CHOICES and len(answered) >= _LEAST_TO_LEARN and len({row.answer for row in answered}) > 1:
        answers, certain, margins = _fitted(known, [row.answer for row in answered], wanted)
    elif answered:
        answers, certain, margins = _nearest(known, answered, wanted, open_, how)
    else:
        answers, certain, margins = [None] * len(open_), [None] * len(open_), [0.0] * len(open_)
    check_stop()
    places = {index: order for order, index in enumerate(_in_order(wanted, margins, [row.text for row in open_]))}
    return [Suggested(row.position, answers[i], certain[i], places[i]) for i, row in enumerate(open_)]


def learned(answered: Sequence[Answered], how: How, check_stop: CheckStop) -> Learned:
    """By cross-validation: each row is answered by what the others teach. Not measured below thirty rows, and where answers are no categories."""
    labels = [row.answer for row in answered]
    if how is not How.CHOICES or len(answered) < LEAST_TO_MEASURE or len(set(labels)) < 2:
        return Learned(answered=len(answered))
    import random

    from sklearn.model_selection import KFold

    rows = list(answered)
    if len(rows) > _MOST_MEASURED:
        rows = random.Random(0).sample(rows, _MOST_MEASURED)
    right = 0
    for teach, ask in KFold(_FOLDS, shuffle=True, random_state=0).split(rows):
        check_stop()
        teachers, asked = [rows[i] for i in teach], [rows[i] for i in ask]
        features = _features([row.text for row in (*teachers, *asked)])
        if features is None:
            return Learned(answered=len(answered))
        answers = [row.answer for row in teachers]
        if len(set(answers)) == 1:
            said: list[str | None] = [answers[0]] * len(asked)
        else:
            said, _, _ = _fitted(features[: len(teachers)], answers, features[len(teachers) :])
        right += sum(answer == row.answer for answer, row in zip(said, asked, strict=True))
    low, high = wilson(right, len(rows))
    return Learned(answered=len(answered), rows=len(rows), right=right, low=low, high=high)


def _features(texts: Sequence[str]) -> "csr_matrix | None":
    """TF-IDF of words, pairs of words and pieces of words; None where there is not one word."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer

    rare = 1 if len(texts) < 2_000 else 2
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=rare, max_features=_MOST_FEATURES, token_pattern=r"(?u)\b\w+\b")
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 4), sublinear_tf=True, min_df=rare, max_features=_MOST_FEATURES)
    try:
        return hstack([words.fit_transform(texts), pieces.fit_transform(texts)]).tocsr() / 2**0.5  # rows of length 1: a product is a cosine
    except ValueError:  # an empty vocabulary
        return None


def _fitted(known: "csr_matrix", labels: Sequence[str], wanted: "csr_matrix") -> tuple[list[str | None], list[float | None], list[float]]:
    """Logistic regression, one category against the rest; the margin is how far the best category is ahead of the second.

    The dual solver: on banking77 with 1,000 answers 0.4 s and 0.740 right, where the multinomial one takes 5.4 s for the same.
    """
    import numpy
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    model = OneVsRestClassifier(LogisticRegression(solver="liblinear", dual=True, C=10, max_iter=100, tol=1e-2))
    model.fit(known, list(labels))
    shares = model.predict_proba(wanted)
    two = numpy.partition(shares, -2, axis=1)[:, -2:]
    best = shares.argmax(axis=1)
    return [str(model.classes_[i]) for i in best], [float(value) for value in two[:, 1]], [float(a - b) for b, a in two]


def _nearest(
    known: "csr_matrix", answered: Sequence[Answered], wanted: "csr_matrix", open_: Sequence[Open], how: How
) -> tuple[list[str | None], list[float | None], list[float]]:
    """The answer of the most alike row, or the known fields' values that stand in the text. A row unlike all answered ones comes first."""
    import numpy

    answers: list[str | None] = []
    likeness: list[float] = []
    transposed, spotted = known.T.tocsc(), _Values.of(answered) if how is How.FIELDS else None
    for start in range(0, wanted.shape[0], 256):
        alike = (wanted[start : start + 256] @ transposed).toarray()
        best = numpy.argmax(alike, axis=1)
        for offset, index in enumerate(best):
            near = float(alike[offset, index])
            likeness.append(near)
            text = open_[start + offset].text
            enough = near > (_LIKE_ENOUGH if how is How.TEXT else 0.0)
            answers.append(spotted.answer(text) if spotted is not None else answered[int(index)].answer if enough else None)
    certain: list[float | None] = [None if answer is None else value for answer, value in zip(answers, likeness, strict=True)]
    return answers, certain, likeness


def _in_order(features: "csr_matrix", margins: Sequence[float], texts: Sequence[str]) -> list[int]:
    """Row numbers: twenty of the least certain that are unlike each other (farthest first), then the rest by certainty."""
    import numpy

    by_margin = numpy.argsort(numpy.asarray(margins), kind="stable")
    once = numpy.array(list({texts[int(i)]: int(i) for i in reversed(by_margin)}.values())[::-1])  # of equal texts the least certain
    unknown = len(set(margins)) == 1
    pool = once[numpy.unique(numpy.linspace(0, len(once) - 1, min(_SPREAD_POOL, len(once))).astype(int))] if unknown else once[:_POOL]
    inside = features[pool]
    alike = (inside @ inside.T).toarray()
    # Where nothing is known yet the row most like all others begins; else the least certain one.
    chosen = [int(alike.sum(axis=1).argmax()) if unknown else 0]
    nearest = alike[chosen[0]].copy()
    while len(chosen) < min(AT_ONCE, len(pool)):
        nearest[chosen] = numpy.inf
        chosen.append(int(nearest.argmin()))
        nearest = numpy.maximum(nearest, alike[chosen[-1]])
    first = [int(pool[i]) for i in chosen]
    taken = set(first)
    return [*first, *(int(i) for i in by_margin if int(i) not in taken)]


@dataclass(frozen=True)
class _Values:
    """Which texts were marked as which field before; a value that stands in a new text is proposed there."""

    by_first_word: Mapping[str, tuple[tuple[str, str], ...]]  # lower-case first word: (value, field), the longest value first

    @classmethod
    def of(cls, answered: Sequence[Answered]) -> "_Values":
        counts: Counter[tuple[str, str]] = Counter()
        for row in answered:
            counts.update((value, field) for field, value in _texts_of(row.answer))
        fields: dict[str, Counter[str]] = defaultdict(Counter)
        for (value, field), count in counts.items():
            fields[value][field] += count
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for value, named in fields.items():
            if words := re.findall(r"\w+", value.lower()):
                found[words[0]].append((value, named.most_common(1)[0][0]))
        return cls({word: tuple(sorted(values, key=lambda pair: -len(pair[0]))) for word, values in found.items()})

    def answer(self, text: str) -> str | None:
        lower, fields = text.lower(), dict[str, str]()
        for word in re.findall(r"\w+", lower):
            for value, field in self.by_first_word.get(word, ()):
                if field in fields:
                    continue
                found = re.search(rf"(?<!\w){re.escape(value.lower())}(?!\w)", lower)
                if found:
                    fields[field] = text[found.start() : found.end()]
        return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")) if fields else None


def _texts_of(answer: str) -> list[tuple[str, str]]:
    try:
        parsed: Any = json.loads(answer)
    except (ValueError, RecursionError):
        return []
    return [(field, value) for field, value in parsed.items() if isinstance(value, str) and value.strip()] if isinstance(parsed, dict) else []
