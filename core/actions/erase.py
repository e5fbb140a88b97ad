"""Erase a person: find where a name stands, show it, and take it out of everything that is kept here; say what cannot be called back."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field, field_validator

from core.actions.erase_places import FoundUpload, backups_with, exports_of, files_with, packages_with, saved_of, uploads_with
from core.actions.registry import Context, Plan, Request, Scope, action
from core.errors import UserError
from core.sentence import Sentence, as_json
from storage import erasing, erasing_copies, erasing_files, jobs, projects, uploads
from storage.erasing import TextMatch, TouchedRun
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
class FoundPerson:
    """Where the text stands. `rows` counts rows in all states; `snippets` are the first ones. Of the `files` of jobs the `whole` ones are packed, so that
    they go; `cut_short` counts files that nothing can read, which go too. `saved` counts projects that were saved and lie here. `backups` are copies of
    the whole database that hold the text or cannot be opened."""

    rows: int
    standing: int
    datasets: int
    snippets: tuple[str, ...]
    texts: tuple[TextMatch, ...]
    files: int
    whole: int
    cut_short: int
    saved: int
    uploads: tuple[FoundUpload, ...]
    backups: tuple[str, ...]
    models: tuple[TouchedRun, ...]
    packages: tuple[Package, ...]

    @property
    def anything(self) -> bool:
        return bool(self.rows or self.texts or self.files or self.backups or any(each.surely for each in self.uploads))


@dataclass(frozen=True)
class ErasedPerson:
    """What was done; `whole` names the uploaded files that went whole. `models` learned from rows that are gone: train them again. `beyond` says what
    still holds the person and what cannot be called back; `backups_left` are the copies of the database among it."""

    rows: int
    texts: int
    files: int
    uploads: int
    backups: int
    whole: tuple[str, ...]
    models: tuple[TouchedRun, ...]
    beyond: tuple[Sentence, ...]
    backups_left: tuple[str, ...]


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
    files, exported = files_with(context, person), exports_of(context, rows)
    surely = {match.path for match in files if match.surely}.union(exported)
    whole = {match.path for match in files if match.surely and match.whole}.union(exported)
    return FoundPerson(
        rows=len(rows),
        standing=sum(row.standing for row in rows),
        datasets=len({row.dataset for row in rows}),
        snippets=tuple(row.snippet for row in rows[:_SNIPPETS]),
        texts=tuple(erasing.find_texts(store, context.actor, person)),
        files=len(surely),
        whole=len(whole),
        cut_short=len([match for match in files if not match.surely]),
        saved=len(saved_of(context)),
        uploads=tuple(uploads_with(context, person, rows)),
        backups=tuple(path.name for path in backups_with(context, person)),
        models=tuple(learned),
        packages=tuple(packages_with(context, person, learned)),
    )


def plan_erasing(context: Context, request: ErasePersonRequest) -> Plan:
    found = find_person(context, PersonRequest(text=request.text, others=request.others))
    if not found.anything:
        raise NobodyFound(text=request.text)
    what = Sentence("erase.what", "Erase '{text}' for good. Rows that go: {rows:,}.", {"text": request.text, "rows": found.rows})
    goes, remains = _goes(found), _remains(found)
    if gone := [each.upload.name for each in found.uploads if each.goes]:
        said = Sentence("erase.uploads", "uploaded files, whole; other rows that came from them stay: {names}", {"names": _listed(gone)})
        (goes if request.uploads else remains).append(said)
    if found.backups:
        said = Sentence("erase.backups", "copies of the whole database: {names}", {"names": _listed(list(found.backups))})
        (goes if request.backups else remains).append(said)
    return Plan(what, goes=tuple(goes), remains=tuple(remains), preview=tuple((snippet, "") for snippet in found.snippets[:5]))


def _goes(found: FoundPerson) -> list[Sentence]:
    counted = (
        (found.rows, "erase.rows", "rows, with their originals and all earlier states: {count:,}"),
        (sum(match.rows for match in found.texts), "erase.texts", "the name in notes, conversations and verdicts: {count:,}"),
        (found.files - found.whole, "erase.files", "the name in files of jobs: {count:,}"),
        (found.whole, "erase.whole", "files of jobs that are packed, such as exported data, whole; they can be made again: {count:,}"),
        (found.cut_short, "erase.cut_short", "files of jobs that were cut short, so that nothing can read them: {count:,}"),
        (found.saved, "erase.saved", "saved projects that are kept here, whole; save them again afterwards: {count:,}"),
    )
    return [Sentence(key, english, {"count": count}) for count, key, english in counted if count]


def _remains(found: FoundPerson) -> list[Sentence]:
    remains = [Sentence("erase.hashes", "versions stay, with the fingerprints of the erased rows")] if found.rows else []
    named = (
        ([run.name for run in found.models], "erase.models", "models that learned from these rows; train them again: {names}"),
        ([each.name for each in found.packages], "erase.packages", "packages made of them, and what was downloaded of these: {names}"),
        ([each.upload.name for each in found.uploads if not each.goes], "erase.closed", "uploaded files that could not be looked into: {names}"),
    )
    return [*remains, *(Sentence(key, english, {"names": _listed(names)}) for names, key, english in named if names)]


@action("erase-person", request=ErasePersonRequest, sentence="Erase a person from rows, history, versions, conversations and files, for good.", destroys=True,
        plan=plan_erasing, example={"text": "Mario Rossi", "others": ["Rossi, Mario"]})  # fmt: skip
def erase_person(context: Context, request: ErasePersonRequest) -> ErasedPerson:
    """Files first, rows next, the database's file anew last: whatever stops it, asking again finishes it."""
    with context.workshop.checkup_turn:  # none begins by itself meanwhile, with the rows as they were
        _check_rest(context)
        return _erase(context, request)


def _erase(context: Context, request: ErasePersonRequest) -> ErasedPerson:
    person, workshop = Person((request.text, *request.others)), context.workshop
    rows = erasing.find_rows(workshop.store, context.actor, person)
    listed = uploads_with(context, person, rows)
    gone = [each.upload for each in listed if each.goes] if request.uploads else []
    matches, exported = files_with(context, person), exports_of(context, rows)
    files = {match.path for match in matches if match.surely}.union(exported)
    packages = packages_with(context, person, erasing.runs_that_learned(workshop.store, context.actor, rows))
    erasing_files.erase_in_runs(workshop.store, context.actor, matches, person)
    for path in [*exported, *saved_of(context)]:
        path.unlink(missing_ok=True)
    for upload in gone:
        _delete_upload(context, upload)
    done = erasing.erase(workshop.store, context.actor, context.actor, person, _change_said)
    copies = backups_with(context, person)
    if request.backups:
        erasing_copies.delete_copies(copies)
    workshop.store.rewrite()
    left = [] if request.backups else [path.name for path in copies]
    kept = [each.upload.name for each in listed if each.upload not in gone]
    beyond = _beyond(done.learned, packages, kept, left)
    names = tuple(dict.fromkeys(upload.name for upload in gone))
    removed = len(copies) - len(left)
    return ErasedPerson(len(done.rows), done.texts, len(files), len(gone), removed, names, done.learned, tuple(beyond), tuple(left))


def _check_rest(context: Context) -> None:
    store = context.workshop.store
    for project in projects.of_owner(store, context.actor):
        if any(job.state in LIVE for job in jobs.of_project(store, project.id)):
            raise WorkGoesOn(project=project.name)


def _delete_upload(context: Context, upload: Upload) -> None:
    """The file, its row, and the second names that imports gave it."""
    workshop = context.workshop
    uploads.delete(workshop.store, upload.id)
    shutil.rmtree(workshop.home.uploads / upload.id, ignore_errors=True)
    for link in workshop.home.runs.glob(f"*/upload-{upload.id}*"):
        link.unlink(missing_ok=True)


def _beyond(learned: Sequence[TouchedRun], packages: Sequence[Package], kept: list[str], copies: list[str]) -> list[Sentence]:
    """What still holds the person, here and elsewhere."""
    named = (
        ([run.name for run in learned], "erase.train_again",
         "Models that learned from these rows may still know them, until they are trained again: {names}."),
        ([each.name for each in packages], "erase.packages_left", "Packages made of them are as they were: {names}. Delete them, and export again."),
        (kept, "erase.uploads_left", "Uploaded files that stayed and may still hold what was erased: {names}."),
        (copies, "erase.backups_left", "Copies of the database still hold what was erased: {names}. Erase once more with the copies to delete them."),
    )  # fmt: skip
    english = "Files and packages that were downloaded before, and saved projects elsewhere, are beyond reach: delete them there."
    said = [Sentence(key, english, {"names": _listed(names)}) for names, key, english in named if names]
    return [Sentence("erase.downloads", english), *said]


def _change_said(rows: int) -> str:
    """A line of the history that does not say who it was."""
    return as_json(Sentence("erase.change", "A person was erased. Rows: {rows:,}", {"rows": rows}))


def _listed(names: list[str]) -> str:
    unique = list(dict.fromkeys(names))
    more = f" + {len(unique) - _TOLD}" if len(unique) > _TOLD else ""
    return ", ".join(unique[:_TOLD]) + more
