"""The child that proposes answers: reads a sample of rows, writes suggestions.parquet and learned.json."""

from collections.abc import Sequence
from pathlib import Path

from core.data.labelling.settings import LEARNED_FILE, SAMPLE_FILE, SUGGESTIONS_FILE, SuggestSettings
from core.data.labelling.suggest import Answered, Open, Suggested, learned, suggest
from core.jobs.handle import ChildJob
from storage.files import write_atomically


def main(job: ChildJob) -> None:
    settings = SuggestSettings.model_validate(job.spec.settings)
    job.progress(0.1, "suggest.reading", "Reading what was answered")
    answered, open_ = read_sample(job.input(SAMPLE_FILE))
    found = suggest(answered, open_, settings.how, job.check_stop)
    write_suggestions(job.folder / SUGGESTIONS_FILE, found)
    job.progress(0.6, "suggest.measuring", "Trying out what was learned")
    measured = learned(answered, settings.how, job.check_stop)
    write_atomically(job.folder / LEARNED_FILE, measured.model_dump_json().encode())
    job.artefact("suggestions", job.folder / SUGGESTIONS_FILE)
    job.artefact("learned", job.folder / LEARNED_FILE)


def read_sample(path: Path) -> tuple[list[Answered], list[Open]]:
    """What storage.labels.write_sample wrote: the rows with an answer, those without."""
    from pyarrow import parquet

    rows = parquet.read_table(path, columns=["position", "question", "answer"]).to_pylist()
    answered = [Answered(row["position"], row["question"], row["answer"]) for row in rows if row["answer"] is not None]
    return answered, [Open(row["position"], row["question"]) for row in rows if row["answer"] is None]


def write_suggestions(path: Path, found: Sequence[Suggested]) -> None:
    """Columns position, answer, certainty, order."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([("position", pa.int64()), ("answer", pa.string()), ("certainty", pa.float64()), ("order", pa.int64())])
    rows = [{"position": one.position, "answer": one.answer, "certainty": one.certainty, "order": one.order} for one in found]
    temporary = path.with_name(f".{path.name}.part")
    parquet.write_table(pa.Table.from_pylist(rows, schema=schema), temporary)
    temporary.replace(path)
