"""What a person could have for less: the commonest category, a classic classifier on words, the most similar known answer, the first sentence."""

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, ClassVar

from core.evaluation.rows import Row, drawn
from core.evaluation.verdict import Candidate, Line

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import FeatureUnion

CheckStop = Callable[[], None]  # raises when the job was asked to stop
_MOST_ROWS = 20_000  # the classic method learns from at most so many; the verdict says from how many
_MOST_WEIGHTS = 4_000_000  # features times categories: keeps the fit under half a minute on two cores
_SMALL = 2_000
_ROWS_AT_ONCE = 256
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+|\n+")

NO_WORDS = Line(key="verdict.no_words", english="The questions of the training rows hold no words to learn from.")
NO_ROWS = Line(key="verdict.no_training_rows", english="There are no training rows to learn from.")
ONE_CATEGORY = Line(key="verdict.one_category", english="The training rows hold one category only, so there is nothing to tell apart.")


class CannotLearn(Exception):
    """This baseline has nothing to work with; `line` says why."""

    def __init__(self, line: Line) -> None:
        super().__init__(str(line))
        self.line = line


class Baseline(ABC):
    """Class attributes declare, the method does, instances hold nothing."""

    name: ClassVar[Candidate]
    tasks: ClassVar[frozenset[str]]

    @abstractmethod
    def answers(self, train: Sequence[Row], test: Sequence[Row], check_stop: CheckStop) -> list[str]:
        """One answer a test row, learned from the training rows alone. Raises CannotLearn."""

    def learns_from(self, train: Sequence[Row]) -> int:
        return len(train)


class Majority(Baseline):
    """Always the commonest answer of the training rows."""

    name: ClassVar[Candidate] = Candidate.MAJORITY
    tasks: ClassVar[frozenset[str]] = frozenset({"classification"})

    def answers(self, train: Sequence[Row], test: Sequence[Row], check_stop: CheckStop) -> list[str]:
        if not train:
            raise CannotLearn(NO_ROWS)
        return [commonest(train)] * len(test)


class Classic(Baseline):
    """Logistic regression on TF-IDF of words, pairs of words and pieces of words."""

    name: ClassVar[Candidate] = Candidate.CLASSIC
    tasks: ClassVar[frozenset[str]] = frozenset({"classification"})

    def answers(self, train: Sequence[Row], test: Sequence[Row], check_stop: CheckStop) -> list[str]:
        from sklearn.linear_model import LogisticRegression

        learned = drawn(train, _MOST_ROWS, seed=0)
        labels = [row.answer.strip() for row in learned]
        if len(set(labels)) < 2:
            raise CannotLearn(ONE_CATEGORY)

        def fit() -> list[str]:
            words = _vectoriser(len(learned), len(set(labels)))
            features = _fitted(words, learned)
            # C flattens out from 10 on banking77 (0.912 at 10 and at 30); more iterations change the third decimal.
            model = LogisticRegression(C=10, max_iter=60, tol=1e-4)
            model.fit(features, labels)
            return [str(label) for label in model.predict(words.transform([_text(row) for row in test]))]

        return beside(fit, check_stop)

    def learns_from(self, train: Sequence[Row]) -> int:
        return min(len(train), _MOST_ROWS)


class Nearest(Baseline):
    """The answer of the training row whose question is most alike, by the cosine of TF-IDF vectors."""

    name: ClassVar[Candidate] = Candidate.NEAREST
    tasks: ClassVar[frozenset[str]] = frozenset({"generation", "extraction", "summarisation"})

    def answers(self, train: Sequence[Row], test: Sequence[Row], check_stop: CheckStop) -> list[str]:
        from sklearn.feature_extraction.text import TfidfVectorizer

        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=200_000, token_pattern=r"(?u)\b\w+\b")
        if not train:
            raise CannotLearn(NO_ROWS)
        known = _fitted(words, train).T.tocsc()
        asked = words.transform([_text(row) for row in test])
        found: list[str] = []
        for start in range(0, asked.shape[0], _ROWS_AT_ONCE):
            check_stop()
            likeness = asked[start : start + _ROWS_AT_ONCE] @ known
            found.extend(train[int(best)].answer for best in likeness.argmax(axis=1).A1)
        return found


class Lead(Baseline):
    """The first sentence of what is to be summarised."""

    name: ClassVar[Candidate] = Candidate.LEAD
    tasks: ClassVar[frozenset[str]] = frozenset({"summarisation"})

    def answers(self, train: Sequence[Row], test: Sequence[Row], check_stop: CheckStop) -> list[str]:
        return [first_sentence(row.question) for row in test]


def baselines(task: str) -> tuple[Baseline, ...]:
    """Those that fit a task, strongest kind first."""
    return tuple(baseline for baseline in (Classic(), Nearest(), Lead(), Majority()) if task in baseline.tasks)


def commonest(rows: Sequence[Row]) -> str:
    """Ties go to the first in the alphabet, so that the same rows give the same answer."""
    counts = Counter(row.answer.strip() for row in rows)
    return min(counts, key=lambda label: (-counts[label], label))


def first_sentence(text: str) -> str:
    return next((piece for piece in _SENTENCE_END.split(text.strip()) if piece.strip()), "").strip()


def _vectoriser(rows: int, labels: int) -> "FeatureUnion":
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union

    small, most = rows < _SMALL, max(1_000, _MOST_WEIGHTS // labels // 2)
    return make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=1 if small else 2, max_features=most, token_pattern=r"(?u)\b\w+\b"),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=1 if small else 3, max_features=most),
    )


def _fitted(words: "FeatureUnion | TfidfVectorizer", rows: Sequence[Row]) -> "csr_matrix":
    try:
        return words.fit_transform([_text(row) for row in rows])
    except ValueError as error:  # an empty vocabulary
        raise CannotLearn(NO_WORDS) from error


def _text(row: Row) -> str:
    """All that the user said before the answer: what a model sees, without the instruction that is the same for all."""
    turns = row.turns
    last = max((i for i, turn in enumerate(turns) if turn.role == "assistant"), default=len(turns))
    return "\n".join(turn.content for turn in turns[:last] if turn.role != "system")


def beside(work: Callable[[], list[str]], check_stop: CheckStop) -> list[str]:
    """Run what cannot be interrupted in a thread of its own, so that a stop is honoured at once: the process ends, and the thread with it."""
    executor = ThreadPoolExecutor(1)
    future = executor.submit(work)
    executor.shutdown(wait=False)
    while not wait([future], timeout=0.2).done:
        check_stop()
    return future.result()
