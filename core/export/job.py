"""The export job: check the weights, merge, build ONNX, compare with the tuned model, and write one zip."""

import json
import os
import shutil
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from core.errors import UserError
from core.export.architectures import check_architecture
from core.export.card import GENAI, card
from core.export.certificate import Certificate, FileHash, Findings, Took, judge
from core.export.graft import GraftRequest
from core.export.merge import MergeRequest
from core.export.onnx import BuildRequest, olive_configuration
from core.export.package import write_zip
from core.export.prompts import Chat
from core.export.report import page
from core.export.room import check_room, estimate
from core.export.rows import read_rows
from core.export.settings import ROWS_FILE, ExportSettings, rows_to_check
from core.export.steps import run_step
from core.export.targets import target
from core.export.verify import Asked, Tuned, ask_tuned, check
from core.jobs.handle import ChildJob
from core.methods.base import method
from core.models.load import parameters_of
from core.models.reference import REFERENCE_FILE
from core.tasks.base import task
from storage.files import Manifest, sha256_of, size_bytes

PACKAGE_FILE = "package.zip"
CERTIFICATE_FILE = "certificate.json"
_WORK = "work"


class WeightsChanged(UserError):
    """The trained model's files are not those that the training wrote."""

    sentence = "The trained model '{name}' is not as the training left it: {file} is {what}. It was not exported. Train it again, or bring the file back from a backup."
    status = 409

    def __init__(self, *, name: str, file: str, what: str) -> None:
        super().__init__(name=name, file=file, what=what)


def main(job: ChildJob) -> None:
    """Starts from the beginning after a resume: what an earlier attempt left half is removed first. Only whole files get their final names."""
    settings = ExportSettings.model_validate(job.spec.settings)
    work = job.folder / _WORK
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        _export(job, settings, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _export(job: ChildJob, settings: ExportSettings, work: Path) -> None:
    where, how = target(settings.target, settings.precision)
    job.progress(0.0, "export.checking", "Checking the trained model")
    check_architecture(settings.weights)
    _check_weights(settings)
    check_room(job.folder, estimate(settings.weights, how, settings.precision, 1, ()).peak_bytes)
    package = work / "package"

    began = time.perf_counter()
    merged = settings.model.folder  # of a method that trains the whole model: there is nothing to merge
    if settings.model.base is not None:
        job.progress(0.03, "export.merging", "Putting what was learned into the model")
        merged = work / "merged"
        run_step(job, work, "core.export.merge:main", MergeRequest(model=settings.model, output=merged), doing="putting the model together")
    merged_at = time.perf_counter()

    job.progress(0.12, "export.building", "Building the ONNX model")
    build = BuildRequest(merged=merged, cache=work / "olive", output=package, target=settings.target, precision=settings.precision)
    # Olive writes a greeting before it reads its opt-out, except where it sees a CI machine
    run_step(job, work, "core.export.onnx:main", build, doing="building the ONNX model", extra={"CI": "1"})
    if settings.model.base is not None and method(settings.model.method).has_grafts:
        graft = GraftRequest(model=settings.model, package=package)
        run_step(job, work, "core.export.graft:main", graft, doing="putting what was learned into the ONNX model")
    shutil.rmtree(work / "merged", ignore_errors=True)
    built_at = time.perf_counter()

    findings, chat, asked, counted = _checked(job, settings, package, work)
    checked_at = time.perf_counter()
    took = Took(merge_s=merged_at - began, build_s=built_at - merged_at, check_s=checked_at - built_at, parameters=parameters_of(settings.weights))
    colour, reasons = judge(findings, how)
    certificate = Certificate(
        name=settings.name,
        target=settings.target,
        precision=settings.precision,
        task=settings.task,
        base_model=settings.origin.base_model,
        colour=colour,
        reasons=reasons,
        findings=findings,
        checked_rows=len(asked.prompts),
        test_rows=counted,
        model_bytes=size_bytes(package),
        tuned_bytes=size_bytes(settings.model.folder) + (size_bytes(settings.model.base) if settings.model.base else 0),
        files=_hashes(package),
        took=took,
        versions={name: version(name) for name in ("olive-ai", "onnxruntime", GENAI, "torch", "transformers")},
        made_on=settings.origin.made_on,
    )
    job.check_stop()
    job.progress(0.93, "export.packing", "Writing the package")
    olive = olive_configuration(where, how, settings.precision, model="trained-model", output="package", cache="cache")
    _dress(package, settings, certificate, chat, asked, {"olive-run.json": json.dumps(olive, indent=1), "certificate.html": page(certificate, how)})
    Manifest.write(package)
    write_zip(package, job.folder / PACKAGE_FILE)
    shutil.copyfile(package / CERTIFICATE_FILE, work / CERTIFICATE_FILE)
    os.replace(work / CERTIFICATE_FILE, job.folder / CERTIFICATE_FILE)
    job.artefact("certificate", job.folder / CERTIFICATE_FILE)
    job.artefact("package", job.folder / PACKAGE_FILE)
    job.progress(1.0, "export.done", "Exported")


def _check_weights(settings: ExportSettings) -> None:
    """Raises WeightsChanged."""
    for problem in Manifest.check(settings.model.folder):
        if problem.path != REFERENCE_FILE:
            raise WeightsChanged(name=settings.model.name, file=problem.path, what=problem.what)


def _checked(job: ChildJob, settings: ExportSettings, package: Path, work: Path) -> tuple[Findings, Chat, Asked, int]:
    """Raises JobStopped; both models are asked in this process, one after the other."""
    from core.models.load import load_tokenizer

    began = time.perf_counter()

    def told(share: float) -> None:
        left = (time.perf_counter() - began) * (1 - share) / share if share > 0.05 else None
        job.progress(0.35 + 0.57 * share, "export.comparing", "Comparing with the trained model", left)

    most = rows_to_check(settings.task, 1 << 40, settings.max_rows)
    rows = read_rows(job.input(ROWS_FILE), most, settings.seed)
    asked = Asked.of(task(settings.task), rows, settings.layout)
    told(0.0)
    tuned = Tuned((), (), 0.0)
    if asked.prompts:
        tuned = ask_tuned(settings.model, asked, work, job.spec.threads, told, job.stop_requested)
    job.check_stop()
    tokenizer = load_tokenizer(settings.model.folder)
    findings, chat = check(package, asked, tuned, tokenizer, work, job.spec.threads, told, job.stop_requested)
    job.check_stop()
    return findings, chat, asked, rows.test_rows


def _dress(package: Path, settings: ExportSettings, certificate: Certificate, chat: Chat, asked: Asked, more: Mapping[str, str]) -> None:
    """What stands beside the model in its package."""
    labels = {asked.task.target(answer): answer.strip() for answer in asked.known} if settings.task == "classification" else {}
    texts = {
        CERTIFICATE_FILE: certificate.model_dump_json(indent=1),
        "chat.json": chat.model_dump_json(indent=1),
        "chat.py": Path(__file__).with_name("chat.py").read_text(encoding="utf-8"),
        "README.md": card(certificate, settings.origin, len(labels)),
        "recipe.toml": settings.recipe,
        "requirements.txt": f"{GENAI}=={version(GENAI)}\n",
        **more,
    }
    if labels:
        texts["labels.json"] = json.dumps(labels, indent=1, ensure_ascii=False, sort_keys=True)
    for name, text in texts.items():
        (package / name).write_text(text, encoding="utf-8", newline="\n")


def _hashes(package: Path) -> tuple[FileHash, ...]:
    files = sorted(file for file in package.rglob("*") if file.is_file())
    return tuple(FileHash(name=file.relative_to(package).as_posix(), sha256=sha256_of(file), size_bytes=file.stat().st_size) for file in files)
