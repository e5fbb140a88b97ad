"""What the numbers mean, in sentences: the headline, what stands beside it, what would help. Their text names no statistic, method or format."""

from collections.abc import Sequence

from core.evaluation.statistics import Paired
from core.evaluation.verdict import Candidate, CandidateResult, CategoryResult, Comparison, Fact, Line, Outcome

_FEW_TRAIN_ROWS = 1_000
_FEW_ROWS_OF_A_CATEGORY = 50
_WIDE = 0.05  # half an interval wider than this hides differences that matter
_NAMED_CATEGORIES = 3

_LABELS = {
    Candidate.TUNED: Line(key="candidate.tuned", english="the tuned model"),
    Candidate.BASE: Line(key="candidate.base", english="the base model", term="zero-shot: told what to do, not taught"),
    Candidate.CLASSIC: Line(key="candidate.classic", english="the classic method", term="TF-IDF and logistic regression"),
    Candidate.NEAREST: Line(key="candidate.nearest", english="the most similar known answer", term="nearest neighbour by TF-IDF"),
    Candidate.LEAD: Line(key="candidate.lead", english="the first sentence of the text", term="lead baseline"),
    Candidate.MAJORITY: Line(key="candidate.majority", english="answering always with the commonest category", term="majority class"),
}


def label_of(candidate: Candidate) -> Line:
    """How a candidate is called within a sentence."""
    return _LABELS[candidate]


def outcome_of(paired: Paired) -> Outcome:
    if paired.better + paired.worse + paired.equal == 0:
        return Outcome.NOT_MEASURED
    if not paired.enough:
        return Outcome.TOO_FEW
    if paired.better == paired.worse == 0:
        return Outcome.EQUAL
    if paired.clear:
        return Outcome.BETTER if paired.difference > 0 else Outcome.WORSE
    return Outcome.NOT_CLEAR


def headline(tuned: CandidateResult, decisive: Comparison | None, other: CandidateResult | None, counts_rows: bool) -> Line:
    """`decisive` is the comparison with the strongest that the tuned model does not clearly beat, or with the strongest of all."""
    if tuned.headline is None:
        return Line(key="verdict.no_rows", english="Nothing was measured: no rows were kept aside for the exam.")
    if decisive is None or other is None or other.headline is None:
        return _alone(tuned, counts_rows)
    facts: dict[str, Fact | Line] = {
        "other": label_of(decisive.against),
        "better": decisive.better,
        "worse": decisive.worse,
        "rows": decisive.rows,
        "right": tuned.headline.right,
        "other_right": other.headline.right,
        "score": tuned.headline.value,
        "other_score": other.headline.value,
    }
    kind = "right" if counts_rows else "near"
    key = f"verdict.{decisive.outcome.name.lower()}_{kind}"
    return Line(key=key, english=_HEADLINES[decisive.outcome][kind], facts=facts, term=_term(decisive))


_CLASSIC_WILL_DO = {Outcome.NOT_CLEAR: "about as well", Outcome.EQUAL: "exactly as well", Outcome.WORSE: "better"}
_COUNTED = "{right:,} of {rows:,} right, against {other_right:,}"
_SCORED = "nearer to the wanted answer on {better:,} of {rows:,} rows, further from it on {worse:,}"
_HEADLINES: dict[Outcome, dict[str, str]] = {
    Outcome.BETTER: {
        "right": f"Clearly better than {{other}}: {_COUNTED}.",
        "near": f"Clearly better than {{other}}: {_SCORED}.",
    },
    Outcome.NOT_CLEAR: {
        "right": f"Not clearly better than {{other}}: {_COUNTED}, which may be chance.",
        "near": f"Not clearly better than {{other}}: {_SCORED}, which may be chance.",
    },
    Outcome.EQUAL: {
        "right": "No better than {other}: both are right on the same {right:,} of {rows:,} rows.",
        "near": "No better than {other}: both score the same on each of {rows:,} rows.",
    },
    Outcome.WORSE: {
        "right": f"Clearly worse than {{other}}: {_COUNTED}.",
        "near": f"Clearly worse than {{other}}: {_SCORED}.",
    },
    Outcome.TOO_FEW: {
        "right": "Too few rows to tell: {right:,} right of only {rows:,} kept aside, against {other_right:,} for {other}.",
        "near": "Too few rows to tell: only {rows:,} were kept aside. Nearer than {other} on {better:,} of them, further on {worse:,}.",
    },
}


def beside(
    comparisons: Sequence[Comparison], decisive: Comparison | None, *, counts_rows: bool, rows: int, test_rows: int, opened: int
) -> tuple[Line, ...]:
    """Quieter sentences: the cases behind the headline, the other comparisons, how many rows were asked, how often they were looked at."""
    lines = [comparison.line for comparison in comparisons if decisive is None or comparison.against is not decisive.against]
    if counts_rows and decisive is not None and decisive.better + decisive.worse:
        facts: dict[str, Fact | Line] = {
            "other": label_of(decisive.against),
            "better": decisive.better,
            "worse": decisive.worse,
            "rows": decisive.rows,
        }
        english = "Case by case against {other}: right alone on {better:,}, wrong alone on {worse:,} of {rows:,}."
        lines.insert(0, Line(key="verdict.cases", english=english, facts=facts, term=_test_term(decisive.test, decisive.p)))
    if 0 < rows < test_rows:
        asked: dict[str, Fact | Line] = {"rows": rows, "test_rows": test_rows}
        lines.append(
            Line(key="verdict.drawn", english="{rows:,} of {test_rows:,} test rows were asked, drawn by lot.", facts=asked, term="drawn by seed")
        )
    if opened > 1:
        english = "These test rows were looked at {opened:,} times. Each look, and each change made after it, makes them less of an exam."
        lines.append(Line(key="verdict.opened", english=english, facts={"opened": opened}))
    return tuple(lines)


def in_pieces(pieces: int, documents: int) -> tuple[Line, ...]:
    """That long texts were asked in pieces, where any was."""
    if not pieces:
        return ()
    english = "{documents:,} long texts were asked in {pieces:,} pieces, and what was answered to their pieces was put together: each counts once."
    return (Line(key="verdict.pieces", english=english, facts={"documents": documents, "pieces": pieces}),)


def too_long(results: Sequence[CandidateResult]) -> tuple[Line, ...]:
    """Of texts that are longer than a model reads at once: that it was asked in pieces, or why it was not."""
    lines = []
    for result in results:
        facts: dict[str, Fact | Line] = {"other": result.label, "parted": result.parted, "pieces": result.pieces}
        if result.parted:
            english = (
                "{parted:,} texts are longer than {other} reads at once: it was asked {pieces:,} pieces of them, and its answers were put together."
            )
            lines.append(Line(key="verdict.parted", english=english, facts=facts, term="context length"))
        if result.unread:
            english = (
                "{unread:,} texts are longer than {other} reads at once and were not answered. A written answer cannot be put together from answers "
                "to pieces, since its question may stand in one of them only. Shorten these texts, or choose a model that reads more."
            )
            facts = {"other": result.label, "unread": result.unread}
            lines.append(Line(key="verdict.unread", english=english, facts=facts, term="context length"))
    return tuple(lines)


def comparison_line(against: Candidate, outcome: Outcome, better: int, worse: int, rows: int, test: str, p: float | None) -> Line:
    english = {
        Outcome.BETTER: "Clearly better than {other}: better on {better:,}, worse on {worse:,} of {rows:,}.",
        Outcome.NOT_CLEAR: "Not clearly better than {other}: better on {better:,}, worse on {worse:,} of {rows:,}.",
        Outcome.EQUAL: "Exactly as good as {other} on each of {rows:,} rows.",
        Outcome.WORSE: "Clearly worse than {other}: better on {better:,}, worse on {worse:,} of {rows:,}.",
        Outcome.TOO_FEW: "Against {other}: better on {better:,}, worse on {worse:,} of {rows:,}, too few to tell.",
        Outcome.NOT_MEASURED: "Not compared with {other}.",
    }[outcome]
    facts: dict[str, Fact | Line] = {"other": label_of(against), "better": better, "worse": worse, "rows": rows}
    return Line(key=f"verdict.compared_{outcome.name.lower()}", english=english, facts=facts, term=_test_term(test, p))


def advice(
    tuned: CandidateResult, decisive: Comparison | None, worst: Sequence[CategoryResult], *, train_rows: int, rows: int, test_rows: int
) -> tuple[Line, ...]:
    """What would help, most useful first. Nothing where nothing was measured but the need for test rows."""
    if tuned.headline is None:
        english = "Split the data so that some rows are kept aside, or import a file of test rows, then train and evaluate again."
        return (Line(key="advice.keep_rows", english=english),)
    lines = list(_too_few(tuned, decisive, rows, test_rows))
    won = decisive is not None and decisive.outcome is Outcome.BETTER
    lines.extend(_rows_wanted(worst))
    if not won and train_rows < _FEW_TRAIN_ROWS:
        english = "The model learned from {train_rows:,} rows. More rows usually help most at this size."
        lines.append(Line(key="advice.more_rows", english=english, facts={"train_rows": train_rows}))
    if not won and decisive is not None and decisive.outcome is not Outcome.TOO_FEW:
        english = "A larger base model knows more to begin with and may pass {other}."
        lines.append(Line(key="advice.larger_model", english=english, facts={"other": label_of(decisive.against)}))
    if decisive is not None and decisive.against is Candidate.CLASSIC and decisive.outcome in _CLASSIC_WILL_DO:
        done = _CLASSIC_WILL_DO[decisive.outcome]
        english = f"On these rows the classic method does {done} at a small part of the cost. Is a language model needed for this?"
        key = f"advice.classic_{decisive.outcome.name.lower()}"
        lines.append(Line(key=key, english=english, term=label_of(Candidate.CLASSIC).term))
    return tuple(lines)


def tuned_line(tuned: CandidateResult) -> tuple[Line, ...]:
    """What the tuned model reached, with its counts and how sure that is."""
    metric = tuned.headline
    if metric is None:
        return ()
    facts: dict[str, Fact | Line] = {"value": metric.value, "low": metric.low, "high": metric.high, "right": metric.right, "rows": metric.rows}
    facts["measure"] = Line(key=f"metric.{metric.name}", english=metric.label, term=metric.term)
    key, english = "verdict.reached", "{measure}: {value:.1%} on average over {rows:,} rows"
    if metric.right is not None:
        key, english = "verdict.reached_counted", "{measure}: {right:,} of {rows:,} ({value:.1%})"
    if metric.low is not None:
        key, english = f"{key}_sure", english + "; on rows never seen, most likely between {low:.1%} and {high:.1%}"
    return (Line(key=key, english=english + ".", facts=facts, term=metric.interval),)


def not_measured(results: Sequence[CandidateResult], task: str, unknown: int) -> tuple[Line, ...]:
    """What this verdict does not know, said plainly."""
    lines = []
    for result in results:
        if result.why_not is not None:
            facts: dict[str, Fact | Line] = {"other": result.label, "why": result.why_not}
            lines.append(Line(key="verdict.not_measured", english="Not measured: {other}. {why}", facts=facts, term=result.label.term))
        if result.silent > result.unread:
            english = (
                "On {silent:,} of {rows:,} rows {other} wrote nothing: the text fills all that it can read at once, or it has learned too little."
            )
            facts = {"silent": result.silent - result.unread, "rows": result.rows, "other": result.label}
            lines.append(Line(key="verdict.silent", english=english, facts=facts, term="context length"))
    if unknown:
        english = "{count:,} test rows belong to a category that no training row has: they cannot be answered right and count as wrong."
        lines.append(Line(key="verdict.unknown_category", english=english, facts={"count": unknown}))
    if task in ("generation", "summarisation"):
        english = (
            "Whether an answer is true or pleasant to read was not measured, only how near it is to the wanted one. Read some answers side by side."
        )
        lines.append(Line(key="verdict.truth", english=english))
    return tuple(lines)


def _too_few(tuned: CandidateResult, decisive: Comparison | None, rows: int, test_rows: int) -> list[Line]:
    if decisive is not None and decisive.outcome is Outcome.TOO_FEW:
        english = "Keep more rows aside: with about 100 a fair difference can be told from chance."
        return [Line(key="advice.more_test_rows", english=english)]
    metric = tuned.headline
    if metric is None or metric.low is None or metric.high is None or decisive is None or decisive.outcome is not Outcome.NOT_CLEAR:
        return []
    reach = (metric.high - metric.low) / 2
    if reach < _WIDE:
        return []
    english = (
        "With {rows:,} test rows the result is known to about ±{points:.0f} points only; more test rows would tell smaller differences from chance."
    )
    lines = [Line(key="advice.uncertain", english=english, facts={"rows": rows, "points": reach * 100}, term="half of the 95 % interval")]
    if rows < test_rows:
        english = "Evaluate again with all {test_rows:,} test rows."
        lines.append(Line(key="advice.ask_all", english=english, facts={"test_rows": test_rows}))
    return lines


def _rows_wanted(worst: Sequence[CategoryResult]) -> list[Line]:
    """The categories with most errors, those with few training rows first."""
    wrong = [category for category in worst if category.right < category.rows]
    chosen = sorted(wrong, key=lambda c: (c.learned_from >= _FEW_ROWS_OF_A_CATEGORY, c.right - c.rows, c.learned_from))[:_NAMED_CATEGORIES]
    lines = []
    for category in chosen:
        facts: dict[str, Fact | Line] = {"name": category.name, "wrong": category.rows - category.right, "rows": category.rows}
        facts |= {"learned_from": category.learned_from, "other": category.mistaken_for, "times": category.mistaken_rows}
        english = "More rows for '{name}' would help: {wrong:,} of {rows:,} wrong, learned from {learned_from:,}."
        key = "advice.category"
        if category.mistaken_for and category.mistaken_rows > 1:
            key, english = "advice.category_mistaken", english[:-1] + "; most often taken for '{other}' ({times:,})."
        lines.append(Line(key=key, english=english, facts=facts))
    return lines


def _alone(tuned: CandidateResult, counts_rows: bool) -> Line:
    assert tuned.headline is not None
    facts: dict[str, Fact | Line] = {"right": tuned.headline.right, "rows": tuned.rows, "score": tuned.headline.value}
    if counts_rows:
        return Line(key="verdict.alone_right", english="{right:,} of {rows:,} right; there was nothing to compare with.", facts=facts)
    return Line(key="verdict.alone_near", english="Asked on {rows:,} rows; there was nothing to compare with.", facts=facts, term=tuned.headline.term)


def _term(comparison: Comparison) -> str:
    other = label_of(comparison.against).term
    return "; ".join(filter(None, [other, _test_term(comparison.test, comparison.p)]))


def _test_term(test: str, p: float | None) -> str:
    if p is None:
        return test
    return f"{test}, p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}"
