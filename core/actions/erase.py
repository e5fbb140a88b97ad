"""Erase a person: find where a name stands, show it, and take it out of everything that is kept here; say what cannot be called back."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, field_validator

from core.actions.registry import Context, Plan, Request, Scope, action
from core.data.export.kind import EXPORT_DATA
from core.data.export.settings import EXPORT_FILE
from core.errors import UserError
from core.sentence import Sentence, as_json
from storage import erasing, erasing_files, jobs, packages, projects, uploads
from storage.bulk import versions
from storage.erasing import RowMatch, TextMatch, TouchedRun
from storage.erasing_files import FileMatch
from storage.person import Person
from storage.rows import LIVE, Package, Upload

_SNIPPETS = 20
_LEAST_LETTERS = 3
_TOLD = 10  # names listed in a plan; how many more there are is told


class WorkGoesOn(UserError):
    """Jobs read and write the files from which a person is erased."""

    sentence = "A job is still at work in '{project}'. Stop it or wait for it, then erase. Nothing was changed."
    status = 409

    def __init__(self, *, project: str) -> None:
        super().__init__(project=project)


class NobodyFound(UserError):
    """The text stands nowhere."""

    sentence = "'{text}' was not found in any row, conversation or file that can be read. Try another spelling. Nothing was changed."
    status = 404

    def __init__(self, *, text: str) -> None:
        super().__init__(text=text)


@dataclass(frozen=True)
class FoundUpload:
    """`surely`: its bytes hold the text. Otherwise it is packed and rows that hold the text came from a file of its name, or it was never looked into."""

    upload: Upload
    surely: bool


@dataclass(frozen=True)
class FoundPerson:
    """Where the text stands. `rows` counts rows in all states; `snippets` are the first ones. `backups` are copies of the whole database, not looked into."""

    rows: int
    standing: int
    datasets: int
    snippets: tuple[str, ...]
    texts: tuple[TextMatch, ...]
    files: int
    uploads: tuple[FoundUpload, ...]
    backups: tuple[str, ...]
    models: tuple[TouchedRun, ...]
    packages: tuple[Package, ...]

    @property
    def anything(self) -> bool:
        return bool(self.rows or self.texts or self.files or any(each.surely for each in self.uploads))


@dataclass(frozen=True)
class ErasedPerson:
    """What was done. `models` learned from rows that are gone: train them again. `beyond` says what cannot be called back."""

    rows: int
    texts: int
    files: int
    uploads: int
    backups: int
    models: tuple[TouchedRun, ...]
    beyond: tuple[Sentence, ...]


class PersonRequest(Request):
    text: str = Field(min_length=1, max_length=200, description="The person's name, or another text that is to go.")
    others: tuple[str, ...] = Field((), max_length=20, description="Other spellings; case, accents and spaces need not be told apart.")

    @field_validator("text", "others")
    @classmethod
    def _long_enough(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for text in (value,) if isinstance(value, str) else value:
            if sum(letter.isalnum() for letter in text) < _LEAST_LETTERS:
                raise ValueError(f"at least {_LEAST_LETTERS} letters or digits are needed, or too much would go")
        return value


class ErasePersonRequest(PersonRequest):
    uploads: bool = Field(True, description="Delete the uploaded files that hold the text, too.")
    backups: bool = Field(False, description="Delete the copies of the database in the backups folder, too.")


@action("find-person", request=PersonRequest, sentence="Show where a person's name stands: rows, conversations, files, models that learned it.",
        scope=Scope.READ, example={"text": "Mario Rossi"})  # fmt: skip
def find_person(context: Context, request: PersonRequest) -> FoundPerson:
    person, store = Person((request.text, *request.others)), context.workshop.store
    rows = erasing.find_rows(store, context.actor, person)
    learned = erasing.runs_that_learned(store, context.actor, rows)
    names = {run.run for run in learned}
    made = [each for project in projects.of_owner(store, context.actor) for each in packages.of_project(store, project.id) if each.run in names]
    return FoundPerson(
        len(rows), sum(row.standing for row in rows), len({row.dataset for row in rows}), tuple(row.snippet for row in rows[:_SNIPPETS]),
        tuple(erasing.find_texts(store, context.actor, person)), len(_files(context, person)) + len(_exports(context, rows)), tuple(_uploads(context, person, rows)),
        tuple(path.name for path in _backups(context)), tuple(learned), tuple(made),
    )  # fmt: skip


def plan_erasing(context: Context, request: ErasePersonRequest) -> Plan:
    found = find_person(context, PersonRequest(text=request.text, others=request.others))
    if not found.anything:
        raise NobodyFound(text=request.text)
    what = Sentence(
        "erase.what", "Erase '{text}' for good. Rows that go: {rows:,}.",
        {"text": request.text, "rows": found.rows},
    )  # fmt: skip
    texts = sum(match.rows for match in found.texts)
    goes = [Sentence("erase.rows", "rows, with their originals and all earlier states: {count:,}", {"count": found.rows})] if found.rows else []
    goes += [Sentence("erase.texts", "the name in notes, conversations and verdicts: {count:,}", {"count": texts})] if texts else []
    goes += [Sentence("erase.files", "the name in files of jobs: {count:,}", {"count": found.files})] if found.files else []
    remains = [Sentence("erase.hashes", "versions stay, with the fingerprints of the erased rows")] if found.rows else []
    if found.uploads:
        names = _listed([each.upload.name for each in found.uploads])
        (goes if request.uploads else remains).append(Sentence("erase.uploads", "uploaded files: {names}", {"names": names}))
    if found.backups:
        names = _listed(list(found.backups))
        (goes if request.backups else remains).append(Sentence("erase.backups", "copies of the whole database: {names}", {"names": names}))
    if found.models:
        names = _listed([run.name for run in found.models])
        remains.append(Sentence("erase.models", "models that learned from these rows; train them again: {names}", {"names": names}))
    if found.packages:
        names = _listed([package.name for package in found.packages])
        remains.append(Sentence("erase.packages", "packages made of them, and what was downloaded of these: {names}", {"names": names}))
    return Plan(what, goes=tuple(goes), remains=tuple(remains), preview=tuple((snippet, "") for snippet in found.snippets[:5]))


@action("erase-person", request=ErasePersonRequest, sentence="Erase a person from rows, history, versions, conversations and files, for good.", destroys=True,
        plan=plan_erasing, example={"text": "Mario Rossi", "others": ["Rossi, Mario"]})  # fmt: skip
def erase_person(context: Context, request: ErasePersonRequest) -> ErasedPerson:
    """Files first, rows next, the database's file anew last: whatever stops it, asking again finishes it."""
    person, workshop = Person((request.text, *request.others)), context.workshop
    _check_rest(context)
    rows = erasing.find_rows(workshop.store, context.actor, person)
    listed = list(_uploads(context, person, rows)) if request.uploads else []
    files = erasing_files.erase_in_runs(workshop.store, context.actor, _files(context, person), person)
    exported = _exports(context, rows)
    for path in exported:
        path.unlink(missing_ok=True)
    _remove_saved(context)
    for each in listed:
        _delete_upload(context, each.upload)
    done = erasing.erase(workshop.store, context.actor, context.actor, person, _change_said)
    removed = _backups(context) if request.backups else []
    for path in removed:
        path.unlink(missing_ok=True)
        path.with_name(path.name + ".wal").unlink(missing_ok=True)
    workshop.store.rewrite()
    return ErasedPerson(
        len(done.rows), done.texts, files + len(exported), len(listed), len(removed), done.learned, tuple(_beyond(context, request, done.learned))
    )


def _check_rest(context: Context) -> None:
    store = context.workshop.store
    for project in projects.of_owner(store, context.actor):
        if any(job.state in LIVE for job in jobs.of_project(store, project.id)):
            raise WorkGoesOn(project=project.name)


def _files(context: Context, person: Person) -> list[FileMatch]:
    store = context.workshop.store
    folders = [Path(job.folder) for project in projects.of_owner(store, context.actor) for job in jobs.of_project(store, project.id)]
    return erasing_files.find_in_runs(store, folders, person)


def _uploads(context: Context, person: Person, rows: list[RowMatch]) -> list[FoundUpload]:
    """Those whose bytes hold the text or whose name does, and packed ones from which rows that hold it came."""
    sources = {row.source for row in rows}
    found = []
    for upload in uploads.of_owner(context.workshop.store, context.actor):
        path = context.workshop.home.uploads / upload.id / upload.name
        inside = erasing_files.holds(path, person) if path.is_file() else False
        if inside or person.is_in(upload.name):
            found.append(FoundUpload(upload, True))
        elif inside is None and any(source.startswith(upload.name) for source in sources):
            found.append(FoundUpload(upload, False))
    return found


def _exports(context: Context, rows: list[RowMatch]) -> list[Path]:
    """Exported versions of the datasets whose rows hold the text: packed, and quickly made again, so they go whole."""
    store, datasets = context.workshop.store, {row.dataset for row in rows}
    of_them = {version.id for dataset in datasets for version in versions.versions_of(store, dataset)}
    made = [job for project in projects.of_owner(store, context.actor) for job in jobs.of_project(store, project.id, EXPORT_DATA)]
    return [path for job in made if job.subject in of_them and (path := Path(job.folder) / EXPORT_FILE).is_file()]


def _delete_upload(context: Context, upload: Upload) -> None:
    """The file, its row, and the second names that imports gave it."""
    workshop = context.workshop
    uploads.delete(workshop.store, upload.id)
    shutil.rmtree(workshop.home.uploads / upload.id, ignore_errors=True)
    for link in workshop.home.runs.glob(f"*/upload-{upload.id}*"):
        link.unlink(missing_ok=True)


def _remove_saved(context: Context) -> None:
    """Saved projects hold all rows; they are written anew each time a project is saved."""
    home, store = context.workshop.home, context.workshop.store
    for project in projects.of_owner(store, context.actor):
        (home.packages / f"project-{project.id}.zip").unlink(missing_ok=True)


def _backups(context: Context) -> list[Path]:
    """Copies of the whole database. On a server that many share they are not one person's to delete."""
    workshop = context.workshop
    return [] if workshop.hosted else sorted(path for path in workshop.home.backups.glob("*.duckdb") if path.is_file())


def _beyond(context: Context, request: ErasePersonRequest, learned: tuple[TouchedRun, ...]) -> list[Sentence]:
    said = [
        Sentence(
            "erase.downloads", "Files and packages that were downloaded before, and saved projects elsewhere, are beyond reach: delete them there."
        )
    ]
    if learned:
        english = "Models that learned from these rows may still know them, until they are trained again: {names}."
        said.append(Sentence("erase.train_again", english, {"names": _listed([run.name for run in learned])}))
    if not request.backups and (left := _backups(context)):
        english = "Copies of the database still hold what was erased: {names}."
        said.append(Sentence("erase.backups_left", english, {"names": _listed([path.name for path in left])}))
    return said


def _change_said(rows: int) -> str:
    """A line of the history that does not say who it was."""
    return as_json(Sentence("erase.change", "A person was erased. Rows: {rows:,}", {"rows": rows}))


def _listed(names: list[str]) -> str:
    unique = list(dict.fromkeys(names))
    more = f" + {len(unique) - _TOLD}" if len(unique) > _TOLD else ""
    return ", ".join(unique[:_TOLD]) + more
