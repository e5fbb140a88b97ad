"""Whether parts are alike is told with the numbers of well-known tests, in plain words; the proposal reads the columns."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from core.actions.registry import Context, perform
from core.actions.split import CannotSplitByTime, NothingToLearnFrom
from core.data import alike
from core.data.alike import Likeness
from core.data.proposal import propose
from core.data.split import SplitKind, SplitPlan, frozen_as_last
from core.data.statistics import chi_squared, holm, kolmogorov, kolmogorov_smirnov, upper_gamma
from core.errors import BadValue
from core.home import Home
from core.workshop import Workshop
from storage import datasets
from storage.bulk.profiling import ColumnFacts
from storage.rows import LOCAL_OWNER, Part
from tests.unit.store_rows import filled, support_rows

tables = st.lists(st.lists(st.integers(60, 120), min_size=3, max_size=3), min_size=2, max_size=6)


@given(tables)
def test_the_chi_squared_test_says_what_scipy_says(columns: list[list[int]]) -> None:
    table = [list(row) for row in zip(*columns, strict=True)]
    found, expected = chi_squared(table), stats.chi2_contingency(table, correction=False)
    assert found is not None
    assert found.statistic == pytest.approx(expected.statistic, abs=1e-8)
    assert (found.degrees, found.p) == (expected.dof, pytest.approx(expected.pvalue, abs=1e-9))


@given(st.floats(0.5, 5000), st.floats(0, 3))
def test_the_gamma_function_is_scipys(a: float, factor: float) -> None:
    assert upper_gamma(a, a * factor) == pytest.approx(special.gammaincc(a, a * factor), abs=1e-9)


def test_kolmogorovs_distribution_is_scipys() -> None:
    assert max(abs(kolmogorov(step / 100) - special.kolmogorov(step / 100)) for step in range(1, 400)) < 1e-12


@given(st.lists(st.integers(0, 400), min_size=30, max_size=200), st.lists(st.integers(0, 400), min_size=30, max_size=200))
def test_the_distance_of_two_samples_is_scipys_and_its_p_value_near(first: list[int], second: list[int]) -> None:
    found, expected = kolmogorov_smirnov(Counter(first), Counter(second)), stats.ks_2samp(first, second, method="asymp")
    assert found is not None
    assert found.effect == pytest.approx(expected.statistic, abs=1e-12)
    assert found.p == pytest.approx(expected.pvalue, abs=0.07)


def test_several_tests_are_corrected_as_holm_wrote() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_rare_values_are_counted_as_one() -> None:
    common = [[100, 50, *[1] * 30], [100, 50, *[1] * 30]]
    found = chi_squared(common)
    assert found is not None
    assert found.degrees == 2
    assert chi_squared([[1, 1], [1, 1]]) is None


def counted(**parts: dict[str, int]) -> dict[Part, dict[str | None, int]]:
    return {Part(name): dict(values) for name, values in parts.items()}


def test_a_category_that_the_exam_asks_too_often_is_named() -> None:
    labels = counted(train={"a": 800, "b": 200}, validation={"a": 80, "b": 20}, test={"a": 20, "b": 80})
    found = alike.traits({Part.TRAIN: {10: 1000}, Part.VALIDATION: {10: 100}, Part.TEST: {10: 100}}, {"labels": labels})
    likeness, said = alike.headline(found)
    trait = next(trait for trait in found if trait.name == "labels")
    assert (likeness, trait.likeness) == (Likeness.DIFFERENT, Likeness.DIFFERENT)
    assert str(trait.said).startswith("Categories are spread differently: ")
    assert "of the rows of the exam" in str(trait.said)
    assert "p < 0.001" in trait.term
    assert "not alike" in str(said)


def test_a_difference_that_only_a_million_rows_can_show_is_not_called_one() -> None:
    labels = counted(train={"a": 400_000, "b": 400_000}, validation={"a": 50_800, "b": 49_200}, test={"a": 50_000, "b": 50_000})
    trait = alike.traits({}, {"labels": labels})[0]
    assert trait.likeness is Likeness.SLIGHT
    assert alike.headline([trait])[0] is Likeness.ALIKE


def test_too_few_rows_are_said_to_be_too_few() -> None:
    labels = counted(train={"a": 5, "b": 5}, validation={"a": 1, "b": 1}, test={"a": 1, "b": 1})
    found = alike.traits({}, {"labels": labels})
    assert [trait.likeness for trait in found] == [Likeness.TOO_FEW]
    assert alike.headline(found)[0] is Likeness.TOO_FEW


def facts(name: str, **changes: object) -> ColumnFacts:
    known = {
        "rows": 1000,
        "filled": 1000,
        "values": 200,
        "most": 20,
        "repeated": 990,
        "longest": 20,
        "days_first": 0,
        "months_first": 0,
        "moments": 0,
    }
    return ColumnFacts(name=name, **{**known, "examples": ("v1", "v2", "v3"), **changes})  # type: ignore[arg-type]


def test_the_proposal_knows_a_group_a_date_a_part_and_a_category_apart() -> None:
    group, category = facts("focus"), facts("source", values=9, most=400)
    dates = facts("seen", values=300, days_first=300, months_first=120, moments=300, examples=("03/04/2024",))
    parts = facts("split", values=3, most=800, examples=("train", "test", "dev"))
    assert propose([category, group], (), categories=True).best.column == "focus"
    medquad = facts("focus", rows=16407, filled=16393, values=5125, most=53, repeated=14061, longest=136)  # a real one: names of diseases
    assert propose([medquad, facts("source", rows=16407, filled=16407, values=9, most=5430)], (), categories=False).best.column == "focus"
    assert propose([category], (), categories=True).best.kind is SplitKind.STRATIFIED
    assert propose([category], (), categories=False).best.kind is SplitKind.RANDOM
    told = propose([category, dates], (), categories=True).best
    assert (told.kind, told.column, told.day_first, told.sure) == (SplitKind.TIME, "seen", True, True)
    assert propose([group, dates, parts], (), categories=True).best.kind is SplitKind.COLUMN
    assert [choice.kind for choice in propose([group, dates], (), categories=True).others] == [SplitKind.TIME, SplitKind.STRATIFIED]
    assert propose([facts("id", values=1000, most=1, repeated=0)], (), categories=True).best.kind is SplitKind.STRATIFIED
    assert propose([group], ("focus",), categories=True).best.kind is SplitKind.STRATIFIED


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    with Workshop.open(Home(tmp_path_factory.mktemp("home")), kinds=()) as workshop:
        yield Context(workshop, LOCAL_OWNER)


def visits(context: Context, rows: int = 300) -> str:
    """A dataset with patients, dates and parts beside its texts."""
    originals = [
        {
            "text": f"Where is order {row}?",
            "patient": f"p{row % 90}",
            "seen": f"{row % 28 + 1:02d}/{row % 12 + 1:02d}/2023",
            "set": ("train", "dev")[row % 5 == 0],
        }
        for row in range(rows)
    ]
    _, dataset = filled(context.workshop.store, support_rows(rows, labels=3), originals=originals)
    columns = '["text", "patient", "seen", "set"]'
    context.workshop.store.write(lambda connection: connection.execute("UPDATE dataset SET columns = ? WHERE id = ?", [columns, dataset]))
    return dataset


def test_the_actions_propose_split_and_report(context: Context) -> None:
    dataset = visits(context)
    assert perform(context, "split-report", {"dataset": dataset}) is None
    proposal = perform(context, "split-proposal", {"dataset": dataset})
    assert (proposal.best.kind, proposal.best.column) == (SplitKind.COLUMN, "set")
    assert {choice.column for choice in proposal.others} == {"patient", "seen", None}
    for wish in (
        {"kind": "grouped", "keep_together": "patient"},
        {"kind": "time", "time_column": "seen"},
        {"kind": "column", "part_column": "set"},
        {"kind": "random"},
        {"stratify_by": ["set"]},
        {"validation_share": 0.2, "test_share": 0.2, "seed": 3, "stratify": True},
    ):
        made = perform(context, "split", {"dataset": dataset, **wish})
        report = perform(context, "split-report", {"dataset": dataset, "column": "patient"})
        assert (report.equal_leaks, report.near_leaks, report.rows) == (
            0,
            0,
            {Part.TRAIN: made.train, Part.VALIDATION: made.validation, Part.TEST: made.test},
        )
        assert {trait.name for trait in report.traits} >= {"labels", "patient", "lengths_test"}
        assert min(made.train, made.validation, made.test) > 0


def test_what_cannot_be_split_so_is_said_with_the_column(context: Context) -> None:
    dataset = visits(context, 30)
    with pytest.raises(CannotSplitByTime):
        perform(context, "split", {"dataset": dataset, "kind": "time", "time_column": "patient"})
    with pytest.raises(NothingToLearnFrom):
        perform(context, "split", {"dataset": dataset, "part_column": "patient"})
    with pytest.raises(BadValue):
        perform(context, "split", {"dataset": dataset, "kind": "grouped"})
    with pytest.raises(BadValue):
        perform(context, "split", {"dataset": dataset, "stratify_by": ["nowhere"]})
    assert perform(context, "split-summary", {"dataset": dataset}) is None


def test_rows_without_a_date_and_without_a_part_are_told(context: Context) -> None:
    originals = [{"at": "" if row < 7 else f"2024-01-{row % 28 + 1:02d}", "part": "train" if row % 3 else "else"} for row in range(90)]
    _, dataset = filled(context.workshop.store, support_rows(90), originals=originals)
    context.workshop.store.write(lambda connection: connection.execute('UPDATE dataset SET columns = \'["at", "part"]\' WHERE id = ?', [dataset]))
    perform(context, "split", {"dataset": dataset, "time_column": "at"})
    notes = perform(context, "split-report", {"dataset": dataset}).notes
    assert [(note.key, note.facts["count"]) for note in notes] == [("split.undated", 7)]
    perform(context, "split", {"dataset": dataset, "part_column": "part"})
    notes = perform(context, "split-report", {"dataset": dataset}).notes
    assert [(note.key, note.facts["count"]) for note in notes] == [("split.unnamed", 30)]
    made = perform(context, "split", {"dataset": dataset, "part_column": "part", "part_values": {"else": "test"}})
    assert (made.test, made.kept_out) == (30, 0)


def test_a_training_takes_the_latest_split_while_its_rows_stand(context: Context) -> None:
    dataset, store = visits(context), context.workshop.store
    made = perform(context, "split", {"dataset": dataset, "kind": "grouped", "keep_together": "patient", "seed": 5})
    store.write(lambda connection: connection.execute("INSERT INTO near VALUES (?, 1, 1), (?, 2, 1)", [dataset, dataset]))
    assert frozen_as_last(store, dataset, sealed_test=False).id == made.id
    first = perform(context, "rows", {"dataset": dataset})
    example = store.read(None, "SELECT id FROM example WHERE dataset = ? AND position = 1", [dataset])[0][0]
    assert first is not None
    datasets.delete_example(store, LOCAL_OWNER, example)
    again = frozen_as_last(store, dataset, sealed_test=False)
    assert again.id != made.id
    assert SplitPlan.model_validate_json(again.plan).keep_together == "patient"


def test_an_old_plan_still_says_what_it_said() -> None:
    old = '{"seed":0,"validation_share":0.1,"test_share":0.1,"keep_together":"patient","stratify":true}'
    assert SplitPlan.model_validate_json(old).way is SplitKind.GROUPED
    assert SplitPlan(stratify=False).way is SplitKind.RANDOM
    assert SplitPlan().way is SplitKind.STRATIFIED
    assert not SplitPlan(kind=SplitKind.RANDOM).draw(sealed_test=False).stratify


def test_a_result_leads_back_to_its_rows_and_only_for_its_owner(context: Context, tmp_path: Path) -> None:
    from core.errors import NotFound
    from storage import jobs, runs, verdicts

    store = context.workshop.store
    project, dataset = filled(store, support_rows(40))
    made = perform(context, "split", {"dataset": dataset})
    job = jobs.create(store, LOCAL_OWNER, project.id, "train", folder=str(tmp_path), subject=dataset)
    run = runs.create(store, LOCAL_OWNER, project.id, dataset=dataset, version=made.version, split=made.id, job=job.id, name="First", recipe="")
    verdict = verdicts.add(store, LOCAL_OWNER, project.id, run=run.id, job=job.id, document="{}")
    for thing in (run.id, verdict.id):
        traced = perform(context, "trace", {"thing": thing, "part": "test"})
        assert (traced.run.id, traced.version.id, traced.split.id, len(traced.rows)) == (run.id, made.version, made.id, made.test)
        assert traced.rows[0].source == "rows.csv"
    cards = perform(context, "versions", {"dataset": dataset})
    assert ([name.name for name in cards[0].runs], cards[0].splits, cards[0].standing) == (["First"], 1, True)
    stranger = Context(context.workshop, "mallory")  # type: ignore[arg-type]
    for verb, values in (("trace", {"thing": run.id}), ("versions", {"dataset": dataset}), ("name-version", {"version": made.version, "name": "x"})):
        with pytest.raises(NotFound):
            perform(stranger, verb, values)
