"""What holds for every metric folder, and that each counts as its reference implementation does."""

from pathlib import Path

import numpy
import pytest
from sklearn.metrics import accuracy_score, f1_score

from core.evaluation.metrics.about import FOLDER, Metric, load, metrics
from core.tasks.base import tasks

LABELS = ["a", "b", "c", "a", "b", "a", "c", "c"]
GUESSES = ["a", "b", "a", "a", "d", "b", "c", "c"]
TEXTS = ["the cat sat on the mat", "a dog barked at the tall man", "nothing", "", "one two three four five six"]
WRITTEN = ["the cat sat on a mat", "the dog barked at a man", "nothing", "words", "one two three four five seven"]
FORMS = ['{"a":"x","b":"y"}', '{"a":"x"}', "{}", "{}", '{"a":"1","b":"2","c":"3"}']
FILLED = ['{"a":"x","b":"z"}', '{"a":"x","b":null}', "{}", "no form", '{"b":"2","a":"1"}']
VECTORS = [(GUESSES, LABELS), (WRITTEN, TEXTS), (FILLED, FORMS)]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Metric]:
    scratch = tmp_path_factory.mktemp("metrics")
    return {name: load(name, scratch) for name in metrics()}


def value(metric: Metric, given: list[str], wanted: list[str]) -> float:
    return float(metric.module.compute(predictions=given, references=wanted)[metric.name])


def test_every_folder_is_a_metric() -> None:
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir() and not path.name.startswith("_")}
    assert folders == set(metrics())
    for name in folders:
        assert (FOLDER / name / f"{name}.py").is_file()
        assert (FOLDER / name / "__init__.py").is_file(), "a folder without it is not packaged"


def test_a_module_writes_one_import_a_line() -> None:
    for file in FOLDER.glob("*/*.py"):
        for line in file.read_text(encoding="utf-8").splitlines():
            assert not (line.startswith(("import ", "from ")) and ("," in line or line.endswith("("))), f"evaluate reads imports by line: {file.name}"


def test_labels_name_no_statistic() -> None:
    for about in metrics().values():
        for word in ("F1", "ROUGE", "BLEU", "accuracy", "JSON", "macro"):
            assert word.casefold() not in f"{about.label} {about.explanation}".casefold()


@pytest.mark.parametrize("name", metrics())
def test_the_value_agrees_with_what_its_interval_is_made_from(loaded: dict[str, Metric], name: str) -> None:
    metric = loaded[name]
    for given, wanted in VECTORS:
        found = value(metric, given, wanted)
        assert 0 <= found <= 1
        if metric.about.kind == "corpus":
            assert metric.module.resampled(given, wanted)(numpy.arange(len(given))) == pytest.approx(found, abs=1e-12)
        else:
            scores = metric.module.row_scores(given, wanted)
            assert len(scores) == len(given)
            assert sum(scores) / len(scores) == pytest.approx(found, abs=1e-12)
            assert metric.about.kind == "mean" or set(scores) <= {0.0, 1.0}


@pytest.mark.parametrize("name", metrics())
def test_a_perfect_answer_scores_one(loaded: dict[str, Metric], name: str) -> None:
    wanted = FORMS if name in ("valid_json", "field_f1") else LABELS if name == "f1" else [text for text in TEXTS if len(text.split()) > 3]
    assert value(loaded[name], list(wanted), list(wanted)) == pytest.approx(1)


@pytest.mark.parametrize("found", tasks().values(), ids=lambda found: found.name)
def test_a_tasks_own_score_is_its_headline_metric(loaded: dict[str, Metric], found: object) -> None:
    metric = loaded[found.headline_metric]
    for given, wanted in VECTORS:
        assert [found.score(a, b) for a, b in zip(given, wanted, strict=True)] == pytest.approx(metric.module.row_scores(given, wanted))


def test_accuracy_and_f1_are_scikit_learns(loaded: dict[str, Metric]) -> None:
    assert value(loaded["accuracy"], GUESSES, LABELS) == accuracy_score(LABELS, GUESSES) == 5 / 8
    assert value(loaded["f1"], GUESSES, LABELS) == f1_score(LABELS, GUESSES, labels=["a", "b", "c"], average="macro")
    inside = ["a" if guess == "d" else guess for guess in GUESSES]
    assert value(loaded["f1"], inside, LABELS) == f1_score(LABELS, inside, average="macro"), (
        "equal to the default where only known labels are answered"
    )


def test_resampled_f1_is_scikit_learns_on_the_drawn_rows(loaded: dict[str, Metric]) -> None:
    statistic = loaded["f1"].module.resampled(GUESSES, LABELS)
    for seed in range(20):
        rows = numpy.random.default_rng(seed).integers(0, len(LABELS), len(LABELS))
        wanted, given = [LABELS[i] for i in rows], [GUESSES[i] for i in rows]
        assert statistic(rows) == pytest.approx(f1_score(wanted, given, labels=sorted(set(wanted)), average="macro", zero_division=0))


def test_rouge_l_is_rouge_scores(loaded: dict[str, Metric]) -> None:
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"])
    expected = [scorer.score(wanted, given)["rougeL"].fmeasure for given, wanted in zip(WRITTEN, TEXTS, strict=True)]
    assert loaded["rouge_l"].module.row_scores(WRITTEN, TEXTS) == pytest.approx(expected)


def test_bleu_is_sacrebleus_and_says_how_it_was_counted(loaded: dict[str, Metric]) -> None:
    import sacrebleu

    found = loaded["bleu"].module.compute(predictions=WRITTEN, references=TEXTS)
    assert found["bleu"] == pytest.approx(sacrebleu.corpus_bleu(WRITTEN, [TEXTS]).score / 100)
    assert "tok:13a" in str(found["signature"])
    rows = numpy.array([4, 1, 1, 0, 0])
    again = sacrebleu.corpus_bleu([WRITTEN[i] for i in rows], [[TEXTS[i] for i in rows]]).score / 100
    assert loaded["bleu"].module.resampled(WRITTEN, TEXTS)(rows) == pytest.approx(again)


def test_fields_are_counted_row_by_row(loaded: dict[str, Metric]) -> None:
    assert loaded["field_f1"].module.row_scores(FILLED, FORMS) == pytest.approx([0.5, 1, 1, 0, 0.8])
    assert value(loaded["field_f1"], ["{}"], ["{}"]) == 1
    assert value(loaded["valid_json"], FILLED, FORMS) == 0.8


def test_equal_is_equal_apart_from_the_edges(loaded: dict[str, Metric]) -> None:
    assert value(loaded["exact_match"], [" a b\n", "A b"], ["a b", "a b"]) == 0.5


def test_loading_writes_into_its_folder_only(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = f"from pathlib import Path; from core.evaluation.metrics.about import load; load('f1', Path(r'{tmp_path}') / 'scratch')"
    environment = {"HOME": str(tmp_path / "home"), "PYTHONPATH": str(FOLDER.parents[2]), "PATH": "", "HF_HUB_OFFLINE": "1"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, cwd=tmp_path, capture_output=True)
    assert not [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
