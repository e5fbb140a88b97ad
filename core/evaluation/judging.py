"""From the answers of all candidates to the verdict document: paired comparisons, the one that decides, the weakest categories."""

from collections import Counter
from collections.abc import Mapping, Sequence

from core.evaluation.answers import Answers
from core.evaluation.rows import Row
from core.evaluation.statistics import Paired, paired_scores, paired_shares
from core.evaluation.verdict import Candidate, CandidateResult, CategoryResult, Comparison, Outcome
from core.evaluation.wording import comparison_line, outcome_of
from core.tasks.extraction import said_by_field

_WORST = 20


def comparisons(given: Mapping[Candidate, Answers], results: Sequence[CandidateResult], *, counts_rows: bool, seed: int) -> tuple[Comparison, ...]:
    """The tuned model against each other that was measured, the strongest first."""
    if Candidate.TUNED not in given or not given[Candidate.TUNED].texts:
        return ()
    tuned = given[Candidate.TUNED].scores
    found = []
    for result in strongest_first(results):
        other = given[result.name].scores
        found.append(_comparison(result.name, paired_shares(tuned, other) if counts_rows else paired_scores(tuned, other, seed)))
    return tuple(found)


def strongest_first(results: Sequence[CandidateResult]) -> list[CandidateResult]:
    """Those beside the tuned model that were measured, by the headline metric; of equals the simpler one."""
    measured = [result for result in results if result.name is not Candidate.TUNED and result.headline is not None]
    return sorted(measured, key=lambda result: (-_value(result), result.name is Candidate.BASE))


def decisive(found: Sequence[Comparison]) -> Comparison | None:
    """What the headline speaks of: the strongest that the tuned model does not clearly beat; where it beats all of them, the strongest.

    The strongest is chosen on the same rows that it is then compared on, which favours it, never the tuned model.
    """
    unbeaten = [comparison for comparison in found if comparison.outcome is not Outcome.BETTER]
    lost = [comparison for comparison in unbeaten if comparison.outcome is Outcome.WORSE]
    return next(iter(lost or unbeaten or found), None)


def worst_categories(
    task: str, train: Sequence[Row], labels: Mapping[str, int], test: Sequence[Row], answers: Sequence[str]
) -> tuple[CategoryResult, ...]:
    """Most errors first; of categories for sorting, of fields for extraction, none for free text."""
    if task == "classification":
        found = _categories(labels, test, answers)
    elif task == "extraction":
        found = _fields(train, test, answers)
    else:
        return ()
    return tuple(sorted(found, key=lambda c: (c.right - c.rows, c.learned_from, c.name))[:_WORST])


def _comparison(against: Candidate, paired: Paired) -> Comparison:
    outcome, rows = outcome_of(paired), paired.better + paired.worse + paired.equal
    return Comparison(
        against=against,
        outcome=outcome,
        better=paired.better,
        worse=paired.worse,
        equal=paired.equal,
        rows=rows,
        difference=paired.difference,
        low=None if paired.interval is None else paired.interval.low,
        high=None if paired.interval is None else paired.interval.high,
        p=paired.p if paired.enough else None,
        test=paired.test,
        line=comparison_line(against, outcome, paired.better, paired.worse, rows, paired.test, paired.p if paired.enough else None),
    )


def _value(result: CandidateResult) -> float:
    assert result.headline is not None
    return result.headline.value if result.headline.better == "higher" else -result.headline.value


def _categories(learned: Mapping[str, int], test: Sequence[Row], answers: Sequence[str]) -> list[CategoryResult]:
    asked, right, mistaken = Counter[str](), Counter[str](), dict[str, Counter[str]]()
    for row, answer in zip(test, answers, strict=True):
        label = row.answer.strip()
        asked[label] += 1
        right[label] += answer == label
        if answer != label:
            mistaken.setdefault(label, Counter())[answer] += 1
    found = []
    for label, rows in asked.items():
        (other, times), *_ = mistaken[label].most_common(1) if label in mistaken else [(None, 0)]
        found.append(
            CategoryResult(name=label, rows=rows, right=right[label], learned_from=learned.get(label, 0), mistaken_for=other, mistaken_rows=times)
        )
    return found


def _fields(train: Sequence[Row], test: Sequence[Row], answers: Sequence[str]) -> list[CategoryResult]:
    """Rows that want the field, and those that got it whole; what was made up where nothing is wanted counts in the metric, not here."""
    learned = Counter(name for row in train for name in said_by_field(row.answer) or ())
    asked, right = Counter[str](), Counter[str]()
    for row, answer in zip(test, answers, strict=True):
        given = said_by_field(answer) or {}
        for name, values in (said_by_field(row.answer) or {}).items():
            asked[name] += 1
            right[name] += values == given.get(name)
    return [CategoryResult(name=name, rows=rows, right=right[name], learned_from=learned[name]) for name, rows in asked.items()]
